"""Rewrites a program so that Paddle-Lite can read it, fuses all it can, and gets it right.

What is written otherwise, and why, is in `edgeslim.paddle_io.rewrites`, one idea a file. All
is put right in the description, so that saved models of any origin take the same way as our
own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.rewrites import REWRITES, Draft

__all__ = ["refuse_channels_last", "rewrite_for_lite"]


def rewrite_for_lite(draft: Draft) -> list[str]:
    """Changes a program in place; says what was changed, a phrase for each kind of change.

    Where a rewrite needs other parameters than the program came with, the draft has them.

    Raises:
        ModelError: It has what Paddle-Lite computes wrongly and what has no other form.
    """
    refuse_channels_last(draft.program)
    done: Counter[str] = Counter()
    for rewrite in sorted(REWRITES.members().values(), key=lambda each: each.stage):
        done += rewrite.apply(draft) or Counter()
    done += Counter(f"{each.operator.kind} {each.law.form}" for each in draft.noted)
    return [f"{what} ({count})" for what, count in sorted(done.items())]


def refuse_channels_last(program: Any) -> None:  # noqa: ANN401 - a ProgramDesc
    """Paddle-Lite takes all for channels first and computes something else, without a word.

    Raises:
        ModelError: An operator has its channels last; says which, and what to do.
    """
    for block in program.blocks:
        for op in block.ops:
            for attribute in op.attrs:
                if attribute.name in {"data_format", "data_layout"} and attribute.s == "NHWC":
                    made = next((name for each in op.outputs for name in each.arguments), "")
                    raise ModelError(
                        f"the network has its channels last: {op.type} (of {made!r}) has "
                        f"{attribute.name}=NHWC, and Paddle-Lite knows channels first only; "
                        "build the layers with data_format='NCHW', load the same weights "
                        "(they are stored alike), transpose the input, and save it again"
                    )
