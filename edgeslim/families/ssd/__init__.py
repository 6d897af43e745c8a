"""The single-shot detector on MobileNetV1."""
