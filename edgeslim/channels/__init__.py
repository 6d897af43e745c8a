"""Channels of networks: which must be pruned together, and what a pruned network is."""
