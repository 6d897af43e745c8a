"""Networks of convolutions."""

from __future__ import annotations

from paddle import nn

from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(
        law="transposed-depthwise",
        build=lambda: nn.Conv2DTranspose(4, 4, 3, stride=2, padding=1, groups=4),
    ),
    Example(
        law="narrow-depthwise",
        build=lambda: nn.Conv2D(4, 4, 3, stride=2, padding="SAME", groups=4),
        shape=(2, 4, 4, 6),
    ),
    Example(
        law="narrow-depthwise",
        build=lambda: nn.Conv2D(4, 4, 3, stride=2, padding=[0, 1, 0, 1], groups=4),
        shape=(1, 4, 7, 8),
    ),
    Example(
        law="narrow-depthwise",
        build=lambda: nn.Conv2D(4, 4, 3, stride=2, padding="SAME", dilation=2, groups=4),
        shape=(1, 4, 6, 6),
    ),
    Example(
        law="five-columns",
        build=lambda: nn.Conv2D(4, 4, 3, padding=[1, 0, 1, 0], groups=4),
        shape=(2, 4, 7, 5),
    ),
    Example(
        law="five-columns",
        build=lambda: nn.Sequential(nn.Conv2D(4, 4, 3, padding=[0, 1, 0, 1], groups=4), nn.ReLU6()),
        shape=(1, 4, 7, 5),
    ),
    Example(
        law="one-channel-maps",
        build=lambda: nn.Sequential(nn.Conv2D(2, 1, 1), nn.Sigmoid()),
        shape=(1, 2, 512, 256),
    ),
    Example(
        law="one-channel-groups",
        build=lambda: nn.Sequential(nn.Conv2D(4, 4, 7, padding=3, groups=4), nn.ReLU6()),
        shape=(1, 4, 363, 362),
    ),
    Example(
        law="one-channel-groups",
        build=lambda: nn.Conv2D(3, 3, (1, 5), padding="SAME", groups=3, bias_attr=False),
        shape=(2, 3, 512, 256),
    ),
    Example(
        law="one-channel-groups",  # merged in pairs, since there is no kernel for two dilations
        build=lambda: nn.Conv2D(8, 4, 3, padding=2, dilation=2, groups=4),
        shape=(1, 8, 256, 512),
    ),
    Example(
        law="one-channel-groups",  # after a column of zeros was added for five columns of padding
        build=lambda: nn.Conv2D(2, 2, 3, padding=[1, 0, 1, 1], groups=2),
        shape=(1, 2, 513, 260),
    ),
    Example(
        law="wide-depthwise",
        build=lambda: nn.Sequential(nn.Conv2D(6, 6, 5, padding=2, groups=6), nn.Hardswish()),
        shape=(1, 6, 9, 600),
    ),
    Example(
        law="wide-depthwise",
        build=lambda: nn.Conv2D(1, 1, 5, bias_attr=False),
        shape=(1, 1, 9, 520),
    ),
    Example(
        law="row-too-many",
        build=lambda: nn.Conv2D(4, 4, 3, padding=[1, 0, 1, 1], groups=4),
        shape=(2, 4, 7, 9),
    ),
    Example(
        law="wide-padding",
        build=lambda: nn.Conv2D(4, 4, 5, stride=2, padding=[2, 3, 2, 3], groups=4),
        shape=(1, 4, 19, 32),
    ),
    Example(
        law="wide-padding",
        build=lambda: nn.Conv2D(4, 4, 5, stride=2, padding=[2, 5, 2, 2], groups=4),
        shape=(1, 4, 6, 18),
    ),
)
