"""Transpositions that look like a shuffle of channels or a softmax along another axis.

Two passes of Paddle-Lite 2.13 check only some of the axes. ``lite_shuffle_channel_fuse_pass``
makes a shuffle of every ``reshape``, ``transpose`` and ``reshape`` that swaps the second and third
axes, whatever the other axes do and whatever the shape of the result is. And
``lite_transpose_softmax_transpose_fuse_pass`` makes one softmax of one between two
transpositions, whether or not the second undoes the first. If it does, the axis may be one for
which the kernel for x86 subtracts one maximum from all rows.
"""

from __future__ import annotations

from typing import Any

from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import argument, attribute, makers_of, readers_of, shape_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Barriers, Rewrite, RewriteStage
from edgeslim.targets.activations import SOFTMAX_BY_PLACES, may_be_large
from edgeslim.targets.optimizer import NO_SHUFFLES, SOFTMAX_BETWEEN_TURNS

__all__ = ["REWRITE"]

_TRANSPOSES = set(SOFTMAX_BETWEEN_TURNS.operators)
_RESHAPES = set(NO_SHUFFLES.operators)
_LEAST_AXES_OF_SHUFFLES = 5


def _keep_apart(draft: Draft) -> None:
    block, barriers = draft.block, Barriers(draft)
    view, readers, makers = BlockView(block), readers_of(block), makers_of(block)

    def only_maker(op: Any, kinds: set[str]) -> Any:  # noqa: ANN401
        """The maker of an operator's input, if it is of a kind and nothing else reads it."""
        source = argument(op.inputs, "X") if op is not None else ""
        maker = makers.get(source)
        return maker if maker is not None and maker.type in kinds and readers[source] == 1 else None

    for index, op in enumerate(block.ops):
        if op.type in NO_SHUFFLES.operators:
            transpose = only_maker(op, _TRANSPOSES)
            reshape = only_maker(transpose, _RESHAPES)
            if reshape is not None and _is_false_shuffle(block, reshape, transpose, op):
                barriers.add(index, "X", NO_SHUFFLES)
        elif op.type in SOFTMAX_BETWEEN_TURNS.operators:
            softmax = only_maker(op, {"softmax"})
            transpose = only_maker(softmax, _TRANSPOSES)
            if transpose is None:
                continue
            axes = _axes(transpose)
            if not _undoes(axes, _axes(op)):
                barriers.add(index, "X", SOFTMAX_BETWEEN_TURNS)
            elif (
                may_be_large(view.operator(transpose))
                and axes[int(attribute(softmax, "axis", -1))] != len(axes) - 1
            ):
                barriers.add(index, "X", SOFTMAX_BY_PLACES)
    barriers.insert()


def _axes(op: Any) -> Shape:  # noqa: ANN401
    return tuple(int(axis) for axis in attribute(op, "axis", ()))


def _undoes(first: Shape, second: Shape) -> bool:
    """Whether a transposition behind another one restores the order of axes."""
    return tuple(first[axis] for axis in second) == tuple(range(len(first)))


def _is_false_shuffle(block: Any, first: Any, transpose: Any, last: Any) -> bool:  # noqa: ANN401
    """Whether three operators are taken for a shuffle of channels and are none."""
    axes = _axes(transpose)
    if len(axes) < _LEAST_AXES_OF_SHUFFLES or axes[1:3] != (2, 1):
        return False
    shape = shape_of(block, argument(first.inputs, "X"))
    groups = shape_of(block, argument(first.outputs, "Out"))
    return not (
        axes == (0, 2, 1, *range(3, len(axes)))
        and shape == shape_of(block, argument(last.outputs, "Out"))
        and (shape[:1], shape[2:]) == (groups[:1], groups[3:])
    )


REWRITE = Rewrite(stage=RewriteStage.APART, apply=_keep_apart)
