"""From a table to a network's latency: reuse distance, calibration, intervals."""
