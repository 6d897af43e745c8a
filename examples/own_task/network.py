"""A network of one's own: any function that returns a layer."""

from __future__ import annotations

from paddle import nn


def build() -> nn.Layer:
    """Three convolutions and a classifier, for pictures of one channel."""
    layers: list[nn.Layer] = []
    c_in = 1
    for c_out in (8, 16, 32):
        layers += [
            nn.Conv2D(c_in, c_out, 3, stride=2, padding=1, bias_attr=False),
            nn.BatchNorm2D(c_out),
            nn.ReLU(),
        ]
        c_in = c_out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(c_in, 2))
