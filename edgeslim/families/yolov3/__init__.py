"""YOLOv3 on MobileNetV1."""
