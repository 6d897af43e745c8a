"""Casts to half precision, which Paddle-Lite 2.13 cannot: refused by name."""

from __future__ import annotations

from collections import Counter

from edgeslim.errors import ModelError
from edgeslim.paddle_io.block_edits import argument, attribute
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _refuse(draft: Draft) -> Counter[str]:
    types = framework().VarType
    half = {types.FP16: "float16", types.BF16: "bfloat16"}
    for op in draft.block.ops:
        wanted = attribute(op, "out_dtype", -1) if op.type == "cast" else -1
        if wanted in half:
            raise ModelError(
                f"a cast (of {argument(op.inputs, 'X')!r}) makes {half[wanted]}, which "
                "Paddle-Lite cannot; save the network in float32, without mixed precision"
            )
    return Counter()


REWRITE = Rewrite(stage=Stage.NAMES, apply=_refuse)
