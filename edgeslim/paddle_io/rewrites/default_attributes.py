"""Attributes that Paddle leaves out and Paddle-Lite reads all the same.

It aborts or crashes without them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_DEFAULTS: dict[str, dict[str, float | bool | int | str]] = {
    # Stripped as "extra" when a model is saved with Paddle's defaults …
    "relu6": {"threshold": 6.0},
    "swish": {"beta": 1.0},
    "dropout": {"fix_seed": False, "seed": 0, "is_test": True},
    # … and what models of older versions or other tools leave out.
    "hard_swish": {"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    "leaky_relu": {"alpha": 0.02},
    "batch_norm": {"is_test": True},
    "matmul_v2": {"trans_x": False, "trans_y": False},
    "pool2d": {"adaptive": False, "ceil_mode": False, "exclusive": True},
}


def _apply(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        for op in block.ops:
            done += _with_defaults(op)
    return done


def _with_defaults(op: Any) -> Counter[str]:  # noqa: ANN401
    """Attributes that Paddle leaves out when they have their default value."""
    present = {attribute.name for attribute in op.attrs}
    done: Counter[str] = Counter()
    for name, value in _DEFAULTS.get(op.type, {}).items():
        if name in present:
            continue
        add_attribute(op, name, value)
        done[f"{op.type}: {name} restored"] += 1
    return done


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
