"""What can be done with a latency table itself: brought in, given away, looked at, checked."""
