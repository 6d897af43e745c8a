"""What to do about what the optimizer prints before it dies."""

from __future__ import annotations

__all__ = ["mend_for"]

_PARAMETERS = "check that the parameters are this model's, whole, and not none at all"
_OPERATOR = "replace the operators that it names by others"
_MERGING = (
    "opt merges convolutions with nothing but a batch norm between them, and dies where the "
    "second has strides, paddings or dilations; convert what edgeslim prepared, which keeps "
    "such pairs apart, or put an activation between them"
)

_MENDS = (
    (b"conv_conv_fuser", _MERGING),
    (b"ops are not supported on", _OPERATOR),
    (b"No kernels found for", _OPERATOR),
    (b"model_parser/", _PARAMETERS),
    (b"model/base/io.cc", _PARAMETERS),
)

_OTHERWISE = (
    "save the model again with Paddle 3.3.1, FLAGS_enable_pir_api=0 and clip_extra=False, "
    "or replace the operator named last"
)


def mend_for(errors: bytes) -> str:
    """The likely mend as a clause, by what the optimizer wrote to its standard error."""
    last = errors.strip().rpartition(b"\n")[2]
    return next((mend for sign, mend in _MENDS if sign in last), _OTHERWISE)
