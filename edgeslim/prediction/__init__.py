"""Predicts a network's latency from a table: reuse distance, calibration, intervals."""
