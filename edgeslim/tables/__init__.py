"""Latency tables by themselves: import, export, charts and checks."""
