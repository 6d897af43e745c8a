"""Timing on a device: sessions that hold it, drift taken out, operators and whole networks."""
