"""Networks like MobileNetV3-large: thirty tokens, 6.3e13 networks.

Five stages of bottlenecks. The first two have relus, the later ones hard swishes, as in the
original (https://arxiv.org/abs/1905.02244, table 1). The start is the original but for the
last two layers of its third stage, which are 184 wide inside there and 200 here. Depths are
those of once-for-all networks (https://arxiv.org/abs/1908.09791).

Images with a side under 64 go through the stem at full size.
"""

from __future__ import annotations

from edgeslim.families.mobilenet_v3.architecture import GatedBottleneck
from edgeslim.families.mobilenet_v3.space import MobileNetV3Family, StageChoices
from edgeslim.families.parted_space import PartedSpace
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]

_LAYERS = (2, 3, 4)

_FAMILY = MobileNetV3Family(
    name="mobilenet-v3",
    first=GatedBottleneck(
        name="conv2",
        reads=16,
        inner=16,
        channels=16,
        kernel=3,
        stride=1,
        activation="relu",
        gate=False,
    ),
    expansions=(2.5, 3.0, 4.0, 6.0),
    stages=(
        StageChoices(channels=(16, 24, 32), layers=_LAYERS, stride=2, activation="relu"),
        StageChoices(channels=(32, 40, 56), layers=_LAYERS, stride=2, activation="relu"),
        StageChoices(channels=(64, 80, 96), layers=_LAYERS, stride=2, activation="hard_swish"),
        StageChoices(channels=(96, 112, 128), layers=_LAYERS, stride=1, activation="hard_swish"),
        StageChoices(channels=(128, 160, 192), layers=_LAYERS, stride=2, activation="hard_swish"),
    ),
    # First expansion, expansion, width, depth, kernel, squeeze and excitation, of each stage.
    initial_tokens=(
        *(2, 1, 1, 0, 0, 0),
        *(1, 1, 1, 1, 1, 1),
        *(3, 0, 1, 2, 0, 0),
        *(3, 3, 1, 0, 0, 1),
        *(3, 3, 1, 1, 1, 1),
    ),
)


def _make(input_shape: Shape, num_classes: int) -> PartedSpace:
    return _FAMILY.space(input_shape, num_classes)


SPACE = SpaceFamily(
    make=_make,
    summary="networks like MobileNetV3-large: 30 tokens",
    input_shape=(1, 3, 224, 224),
    num_classes=1000,
)
