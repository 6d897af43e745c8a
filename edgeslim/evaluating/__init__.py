"""How right a model is on a device, beside Paddle, by the same pictures of a task."""
