"""The problem as numbers alone: a choice for each variable, under one budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import UsageError

__all__ = ["ChoiceProblem", "Choices", "Factor", "Floats", "SumFactor"]

Floats = NDArray[np.float64]

Choices = tuple[int, ...]
"""Index of the choice of each variable."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factor:
    """A cost that depends on the choices of a few variables: an operator with its widths.

    Attributes:
        variables: Indices of the variables, each once.
        costs: Cost of each combination, one axis for each variable, in the budget's unit.
    """

    variables: tuple[int, ...]
    costs: Floats

    def cost(self, choices: Sequence[int]) -> float:
        """What it costs under these choices of all variables."""
        return float(self.costs[tuple(choices[variable] for variable in self.variables)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SumFactor:
    """A cost that depends on a sum of widths: an operator that reads a concatenation.

    Attributes:
        variables: Variables of the parts of the sum, in order; one that occurs twice counts
            twice. Factors whose sums begin with the same parts share the work.
        widths: For each part, the width that each of its variable's choices adds, whole numbers.
        totals: Ascending sums that ``costs`` has a row for: all possible ones.
        output: A variable that the cost depends on as well, or ``None``.
        costs: ``(totals,)``, or ``(totals, choices of the output)``.
    """

    variables: tuple[int, ...]
    widths: tuple[NDArray[np.int64], ...]
    totals: NDArray[np.int64]
    output: int | None = None
    costs: Floats

    def cost(self, choices: Sequence[int]) -> float:
        """What it costs under these choices of all variables."""
        total = sum(
            int(widths[choices[variable]])
            for variable, widths in zip(self.variables, self.widths, strict=True)
        )
        row = self.costs[int(np.searchsorted(self.totals, total))]
        return float(row if self.output is None else row[choices[self.output]])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceProblem:
    """Variables with a loss for each choice, and a cost that is a sum of factors.

    Raises:
        UsageError: Shapes that do not fit each other, numbers that are not finite, losses
            below 0, or sums without a cost; the message names the factor.

    Attributes:
        losses: For each variable, the loss of each of its choices, 0 or more; losses add up.
        factors: Costs of combinations of choices.
        sums: Costs of sums of widths.
        constant: Cost of any plan.
    """

    losses: tuple[Floats, ...]
    factors: tuple[Factor, ...] = ()
    sums: tuple[SumFactor, ...] = ()
    constant: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.constant):
            raise UsageError(f"the constant cost is {self.constant}: it must be a finite number")
        for variable, losses in enumerate(self.losses):
            fit = losses.ndim == 1 and losses.size and np.isfinite(losses).all()
            if not fit or losses.min() < 0:
                raise UsageError(
                    f"losses of variable {variable} are {losses}: there must be a number that is "
                    f"finite and not negative for each choice"
                )
        for index, factor in enumerate(self.factors):
            self._check(f"factor {index}", factor.variables, factor.costs, ())
            if not factor.variables:
                raise UsageError(f"factor {index} names no variable: add it to the constant")
            if len(set(factor.variables)) != len(factor.variables):
                raise UsageError(f"factor {index} names a variable twice: {factor.variables}")
        for index, total_cost in enumerate(self.sums):
            self._check_sum(f"sum {index}", total_cost)

    def loss(self, choices: Sequence[int]) -> float:
        """Loss of these choices, rounded once."""
        return math.fsum(
            losses[choice] for losses, choice in zip(self.losses, choices, strict=True)
        )

    def cost(self, choices: Sequence[int]) -> float:
        """Cost of these choices, rounded once."""
        costs = [self.constant]
        costs += [factor.cost(choices) for factor in self.factors]
        costs += [factor.cost(choices) for factor in self.sums]
        return math.fsum(costs)

    def largest(self) -> Floats:
        """Upper bounds on the absolute loss and cost of any part of a plan."""
        loss = math.fsum(float(losses.max()) for losses in self.losses)
        tables = [factor.costs for factor in self.factors]
        tables += [factor.costs for factor in self.sums]
        cost = math.fsum(float(np.abs(costs).max()) for costs in tables)
        return np.array([loss, cost + abs(self.constant)])

    def _check_sum(self, name: str, factor: SumFactor) -> None:
        outputs = () if factor.output is None else (factor.output,)
        totals = factor.totals
        if totals.ndim != 1 or not totals.size or (np.diff(totals) <= 0).any():
            raise UsageError(f"{name}: totals must be different and ascend, but are {totals}")
        self._check(name, outputs, factor.costs, (len(totals),))
        if not factor.variables or len(factor.variables) != len(factor.widths):
            raise UsageError(
                f"{name} has {len(factor.variables)} parts and widths of {len(factor.widths)}"
            )
        reachable = np.zeros(1, dtype=np.int64)
        for variable, widths in zip(factor.variables, factor.widths, strict=True):
            self._check(name, (variable,), widths, ())
            if widths.dtype.kind not in "iu":
                raise UsageError(f"{name}: widths of variable {variable} are not whole numbers")
            reachable = np.unique(reachable[:, None] + widths)
        # Parts that occur twice reach fewer sums; a row for each sum is required all the same.
        missing = np.setdiff1d(reachable, totals)
        if missing.size:
            raise UsageError(f"{name} has no cost for the sum {missing[0]}")

    def _check(
        self, name: str, variables: tuple[int, ...], costs: NDArray[np.generic], head: Choices
    ) -> None:
        for variable in variables:
            if not 0 <= variable < len(self.losses):
                raise UsageError(f"{name} names variable {variable} of {len(self.losses)}")
        shape = (*head, *(len(self.losses[variable]) for variable in variables))
        if costs.shape != shape:
            raise UsageError(f"{name} has costs of shape {costs.shape}, and choices of {shape}")
        if not np.isfinite(costs).all():
            raise UsageError(f"{name} has costs that are not finite numbers")
