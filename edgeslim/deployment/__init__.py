"""Models converted, proved right, put on the device, and timed there."""
