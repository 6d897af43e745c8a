"""Networks like MobileNetV3, with gates and hard swishes."""
