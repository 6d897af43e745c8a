"""Channel pruning: what to cut, how much, and what it costs."""
