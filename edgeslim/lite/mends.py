"""Advice on what the optimizer prints before it aborts."""

from __future__ import annotations

__all__ = ["mend_for"]

_PARAMETERS = "check that the parameters are this model's, whole, and not none at all"
_OPERATOR = (
    "Paddle-Lite has no kernels for the operators that it names; another target may have them, "
    "and otherwise the network must be built without them, for which its code is needed"
)
_MERGING = (
    "opt merges convolutions with nothing but a batch norm between them, and dies where the "
    "second has strides, paddings or dilations; edgeslim deploy keeps such pairs apart"
)

_MENDS = (
    (b"conv_conv_fuser", _MERGING),
    (b"ops are not supported on", _OPERATOR),
    (b"No kernels found for", _OPERATOR),
    (b"model_parser/", _PARAMETERS),
    (b"model/base/io.cc", _PARAMETERS),
)

_OTHERWISE = (
    "edgeslim deploy puts into a saved model what Paddle leaves out and opt wants; where it dies "
    "all the same, the operator named last is the cause, and the network must be built without "
    "it, for which its code is needed"
)
"""Advice for anything else; first comes what users can do who have the model's files alone."""


def mend_for(errors: bytes) -> str:
    """The likely mend as a clause, by what the optimizer wrote to its standard error."""
    last = errors.strip().rpartition(b"\n")[2]
    return next((mend for sign, mend in _MENDS if sign in last), _OTHERWISE)
