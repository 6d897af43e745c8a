"""The light-NAS network that PaddleSlim 1.x found for an RK3288 board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.tokens import architecture
from edgeslim.models._entry import ModelEntry

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["MODEL"]


def _build(num_classes: int) -> nn.Layer:
    from edgeslim.families.light_nas.layers import LightNasNet

    return LightNasNet(architecture(PUBLISHED_TOKENS["tokens2"]), num_classes)


MODEL = ModelEntry(build=_build, summary="light-NAS network found for an RK3288 board (tokens2)")
