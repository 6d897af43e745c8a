"""The door to Paddle-Lite's tools: ``opt``, the fused graph, the ``.nb`` file."""
