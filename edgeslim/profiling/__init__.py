"""Measuring a device: which operators and networks, in which order, until when."""
