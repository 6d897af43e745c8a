"""Transpositions that look like a shuffle of channels or a softmax along another axis.

Two passes of Paddle-Lite 2.13 look at a part of the axes alone. ``lite_shuffle_channel_fuse_pass``
makes a shuffle of every ``reshape``, ``transpose`` and ``reshape`` whose second and third axes
change places, whatever the others do and whatever shape comes out. And
``lite_transpose_softmax_transpose_fuse_pass`` makes one softmax of one between two
transpositions, whether or not the second undoes the first. Where it does, the axis may be one that
the kernel for x86 takes all places together for.
"""

from __future__ import annotations

from typing import Any

from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import (
    argument,
    attribute,
    barrier,
    insert_operators,
    makers_of,
    readers_of,
    shape_of,
)
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.activations import SOFTMAX_BY_PLACES, may_be_large
from edgeslim.targets.optimizer import NO_SHUFFLES, SOFTMAX_BETWEEN_TURNS

__all__ = ["REWRITE"]

_TRANSPOSES = set(SOFTMAX_BETWEEN_TURNS.operators)
_RESHAPES = set(NO_SHUFFLES.operators)
_CUT_AXES = 5


def _apply(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    readers, makers = readers_of(block), makers_of(block)

    def before(op: Any, kinds: set[str]) -> Any:  # noqa: ANN401
        """What makes an operator's input, if it is of a kind and nothing else reads that."""
        source = argument(op.inputs, "X")
        maker = makers.get(source)
        return maker if maker is not None and maker.type in kinds and readers[source] == 1 else None

    barriers: dict[int, Any] = {}
    for index, op in enumerate(block.ops):
        if op.type in NO_SHUFFLES.operators:
            law = NO_SHUFFLES
            turn = before(op, _TRANSPOSES)
            cut = before(turn, _RESHAPES) if turn is not None else None
            spoiled = cut is not None and _looks_shuffled(block, cut, turn, op)
        elif op.type in SOFTMAX_BETWEEN_TURNS.operators:
            law = SOFTMAX_BETWEEN_TURNS
            softmax = before(op, {"softmax"})
            turn = before(softmax, _TRANSPOSES) if softmax is not None else None
            spoiled = turn is not None and not _undoes(_axes(turn), _axes(op))
            if turn is not None and not spoiled and may_be_large(view.operator(turn)):
                law = SOFTMAX_BY_PLACES
                axes = _axes(turn)
                spoiled = axes[int(attribute(softmax, "axis", -1))] != len(axes) - 1
        else:
            continue
        if spoiled:
            draft.note(law, view.operator(op))
            barriers[index] = barrier(block, op, "X")
    insert_operators(block, barriers)


def _axes(op: Any) -> Shape:  # noqa: ANN401
    return tuple(int(each) for each in attribute(op, "axis", ()))


def _undoes(first: Shape, second: Shape) -> bool:
    """Whether one transposition behind another gives what there was."""
    return tuple(first[axis] for axis in second) == tuple(range(len(first)))


def _looks_shuffled(block: Any, cut: Any, turn: Any, joined: Any) -> bool:  # noqa: ANN401
    """Whether three operators are taken for a shuffle of channels and are none."""
    axes = _axes(turn)
    if len(axes) < _CUT_AXES or axes[1:3] != (2, 1):
        return False
    whole = shape_of(block, argument(cut.inputs, "X"))
    groups = shape_of(block, argument(cut.outputs, "Out"))
    return not (
        axes == (0, 2, 1, *range(3, len(axes)))
        and whole == shape_of(block, argument(joined.outputs, "Out"))
        and (whole[:1], whole[2:]) == (groups[:1], groups[3:])
    )


REWRITE = Rewrite(stage=Stage.APART, apply=_apply)
