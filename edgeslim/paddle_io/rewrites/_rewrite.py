"""What a rewrite is, and the two usual ways to write one.

Most rewrites are a formula (`rewrite_by_formula`), which writes other operators in the place of
one, or an edit (`rewrite_in_place`), which changes one. Both are functions of a `Sketch`, called
for each operator that meets one of the rewrite's laws. A rewrite about several operators at once is
a function of the whole `Draft` (`Rewrite`); if it only keeps operators apart, `Barriers` helps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from edgeslim.execution import Precision
from edgeslim.paddle_io.block_edits import insert_operators, new_barrier, replace_operators
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets import Law, Operator

__all__ = [
    "Barriers",
    "Edit",
    "Formula",
    "Rewrite",
    "RewriteStage",
    "rewrite_by_formula",
    "rewrite_in_place",
]

Formula = Callable[[Sketch], str | Mapping[str, str] | None]
"""Writes operators that compute the same, and returns the tensor that replaces the result, or
tensors by slot if there are several results; None leaves the operator as it is."""

Edit = Callable[[Sketch], bool]
"""Changes an operator's description; returns whether it did."""


class RewriteStage(IntEnum):
    """When a rewrite is applied; within a stage no rewrite depends on another."""

    VALUES = -1
    """Values that Paddle computes once, before anything is changed."""
    NAMES = 0
    """Names of operators."""
    FORM = 1
    """Attributes, outputs and constants in the form that Paddle-Lite reads."""
    FORMULAS = 2
    """Operators replaced by others, which later stages may rewrite again."""
    OPERATORS = 3
    """Operators without correct kernels, replaced by operators that have them."""
    AXES = 4
    """Operators with more axes or larger numbers than kernels allow, also those of other
    rewrites."""
    CONSTANTS = 5
    """Constants moved to where the optimizer finds them."""
    BIASES = 6
    """Constants that are added to the result of a convolution or product."""
    APART = 7
    """Operators kept apart that the optimizer would merge wrongly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewrite:
    """A change of programs, for one law or a few similar ones.

    Args:
        stage: When it is applied, beside other rewrites.
        apply: Changes a draft in place, and notes the operators that it changed.
        precisions: Precisions for which it is applied when a model is converted, for the place of
            the conversion; if empty, it is applied once for all places.
        again: Precisions for which it is applied again when a model is converted, since other
            rewrites of that time make operators that it is about.
    """

    stage: RewriteStage
    apply: Callable[[Draft], None]
    precisions: frozenset[Precision] = frozenset()
    again: frozenset[Precision] = frozenset()

    def is_for(self, draft: Draft) -> bool:
        """Whether the rewrite is to be applied to a draft."""
        if draft.place is None:
            return not self.precisions
        return draft.place.precision in self.precisions | self.again


def rewrite_by_formula(
    stage: RewriteStage, formula: Formula | Mapping[str, Formula], *laws: Law
) -> Rewrite:
    """A rewrite that replaces each operator that meets a law by what a formula writes.

    Args:
        stage: When it is applied, beside other rewrites.
        formula: The formula for all kinds of operators, or a formula for each kind.
        laws: The laws; where only the rewrite can tell whether one is met, the formula does.
    """

    def apply(draft: Draft) -> None:
        for block in draft.program.blocks:
            met = list(_met_laws(block, laws))
            # From the last to the first, so that indices of the others stay.
            for index, law, operator in reversed(met):
                sketch = Sketch(draft, block, block.ops[index], operator)
                write = formula[operator.kind] if isinstance(formula, Mapping) else formula
                result = write(sketch)
                if result is not None:
                    draft.note(law, operator)
                    replace_operators(block, {index: sketch.finish(result)})

    return Rewrite(stage=stage, apply=apply)


def rewrite_in_place(
    stage: RewriteStage, edit: Edit, *laws: Law, precisions: frozenset[Precision] = frozenset()
) -> Rewrite:
    """A rewrite that changes the description of each operator that meets a law.

    Args:
        stage: When it is applied, beside other rewrites.
        edit: Changes the operator of a sketch.
        laws: The laws; where only the rewrite can tell whether one is met, the edit does.
        precisions: Precisions for which it is applied, as in `Rewrite`.
    """

    def apply(draft: Draft) -> None:
        for block in draft.program.blocks:
            for index, law, operator in _met_laws(block, laws):
                if edit(Sketch(draft, block, block.ops[index], operator)):
                    draft.note(law, operator)

    return Rewrite(stage=stage, apply=apply, precisions=precisions)


def _met_laws(block: Any, laws: tuple[Law, ...]) -> Iterator[tuple[int, Law, Operator]]:  # noqa: ANN401
    """Index of each operator that meets a law, with the law and the operator."""
    view = BlockView(block)
    kinds = {kind for law in laws for kind in law.operators}
    for index, op in enumerate(block.ops):
        if op.type in kinds:
            operator = view.operator(op)
            law = next((law for law in laws if _may_be_met(law, operator)), None)
            if law is not None:
                yield index, law, operator


def _may_be_met(law: Law, operator: Operator) -> bool:
    return law.is_met_by(operator) or (law.meets is None and operator.kind in law.operators)


class Barriers:
    """Barriers between operators of a draft that the optimizer would merge wrongly.

    They are put into the block when all are known (`insert`), so that indices stay until then.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._view = BlockView(draft.block)
        self._before: dict[int, Any] = {}

    def add(self, index: int, slot: str, law: Law | None = None) -> None:
        """Keeps an operator apart from the one that makes an input, and notes the law it met.

        Args:
            index: The operator's index in the block.
            slot: The slot of the input.
            law: The law that the operator met; None if the caller notes it.
        """
        op = self._draft.block.ops[index]
        if law is not None:
            self._draft.note(law, self._view.operator(op))
        self._before[index] = new_barrier(self._draft.block, op, slot)

    def insert(self) -> None:
        """Puts all barriers into the block."""
        insert_operators(self._draft.block, self._before)
