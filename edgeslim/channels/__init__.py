"""Channels of networks: which must be pruned together, and the graph of the pruned network."""
