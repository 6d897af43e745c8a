"""The light-NAS space of PaddleSlim 1.x: thirty tokens, 2e12 networks around MobileNetV2."""

from __future__ import annotations

from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.space import LightNasSpace
from edgeslim.families.light_nas.tokens import RANGES, architecture
from edgeslim.opspec import Shape
from edgeslim.spaces._space import SpaceFamily

__all__ = ["SPACE"]


def _make(input_shape: Shape, num_classes: int) -> LightNasSpace:
    return LightNasSpace(
        name="light-nas",
        ranges=RANGES,
        initial_tokens=PUBLISHED_TOKENS["mobilenet-v2"],
        architecture=architecture,
        searched_from=1,
        input_shape=input_shape,
        num_classes=num_classes,
    )


SPACE = SpaceFamily(
    make=_make,
    summary="light-NAS of PaddleSlim 1.x: 30 tokens around MobileNetV2",
    input_shape=(1, 3, 224, 224),
    num_classes=1000,
    published=PUBLISHED_TOKENS,
)
