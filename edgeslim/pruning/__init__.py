"""Channel pruning: which channels to remove, how many, and what metric that loses."""
