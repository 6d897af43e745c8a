"""Making a trained network narrower until it meets a latency, at the least cost in accuracy."""
