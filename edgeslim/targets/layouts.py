"""Layouts and types of elements that Paddle-Lite does not have."""

from __future__ import annotations

from edgeslim.execution import Precision
from edgeslim.targets._law import EVERYWHERE, Answer, Law, Operator

__all__ = ["CASTS_TO_HALF", "CHANNELS_LAST", "LAWS"]

_ALL = frozenset(Precision)
_LAYOUTS = ("data_format", "data_layout")
_HALF = {4, 22}
"""Paddle's numbers of float16 and bfloat16."""


def _has_channels_last(operator: Operator) -> bool:
    return any(operator.attribute(name, "") == "NHWC" for name in _LAYOUTS)


CHANNELS_LAST = Law(
    name="channels-last",
    operators=(),
    condition="data_format or data_layout is NHWC",
    meets=_has_channels_last,
    happens="the kernels expect channels first",
    kernels=EVERYWHERE,
    precisions=_ALL,
    answer=Answer.REFUSED,
    mend=(
        "build the layers with data_format='NCHW', load the same weights (they have the same "
        "layout), transpose the input, and save it again"
    ),
    source="lite/operators, where no convolution or pooling reads it",
)

CASTS_TO_HALF = Law(
    name="casts-to-half",
    operators=("cast",),
    condition="to float16 or bfloat16",
    meets=lambda operator: operator.attribute("out_dtype", -1) in _HALF,
    happens="it makes 16-bit floats, which no kernel here reads",
    kernels=EVERYWHERE,
    precisions=_ALL,
    answer=Answer.REFUSED,
    mend="save the network in float32, without mixed precision",
    source="lite/kernels/host/cast_compute.cc",
)

LAWS = (CHANNELS_LAST, CASTS_TO_HALF)
