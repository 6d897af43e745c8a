"""Operators that leave an input as it is, written as copies.

``opt`` takes out a ``scale`` by 1 and a dropout, and calls the input as their result was called
(Paddle-Lite 2.13): whoever feeds the model by names finds none that he knows. Paddle 2 saves
such a ``scale`` before every output, and so behind an input that is one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.block_edits import argument, attribute, new_operator, replace_operators
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> Counter[str]:
    block = draft.block
    inputs = {argument(op.outputs, "Out") for op in block.ops if op.type == "feed"}
    copies = {
        place: [_copy(op)]
        for place, op in enumerate(block.ops)
        if argument(op.inputs, "X") in inputs and _is_identity(op)
    }
    replace_operators(block, copies)
    what = "operator that leaves an input as it is written as a copy"
    return Counter({what: len(copies)} if copies else {})


def _is_identity(op: Any) -> bool:  # noqa: ANN401 - an OpDesc
    if op.type == "dropout":
        implementation = attribute(op, "dropout_implementation", "downgrade_in_infer")
        return bool(implementation == "upscale_in_train")
    if op.type != "scale" or argument(op.inputs, "ScaleTensor"):
        return False
    return (attribute(op, "scale", 1.0), attribute(op, "bias", 0.0)) == (1.0, 0.0)


def _copy(op: Any) -> Any:  # noqa: ANN401
    source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
    return new_operator("assign", {"X": [source]}, {"Out": [result]}, {})


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
