"""Inference on a user's own pictures: classes with probabilities, or boxes drawn on them."""
