"""A timeline of strategies over the epochs of one training: distil, prune, quantize, search."""
