"""Networks of inverted bottlenecks around MobileNetV2: light-NAS of PaddleSlim 1.x."""
