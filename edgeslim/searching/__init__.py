"""Search over token spaces for the most accurate network under a latency limit."""
