"""Where a program is to run, and what is known of that place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from edgeslim.errors import ModelError
from edgeslim.execution import Precision, Target
from edgeslim.targets._book import LawBook, Violation
from edgeslim.targets._known import known_laws
from edgeslim.targets._law import Answer, Kernels, Operator

__all__ = ["Place"]

_EVERY_ANSWER = frozenset(Answer)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a program is to run.

    Args:
        kernels: The kernels that may run it: all that a file is for, or those of one device.
        precision: What it computes in.
        threads: How many run it; None where nobody has said, which may be several.
        laws: What is known of the library there; by default of the versions known here.
    """

    kernels: frozenset[Kernels]
    precision: Precision = Precision.FP32
    threads: int | None = None
    laws: LawBook | None = None

    @classmethod
    def of(
        cls,
        target: Target,
        precision: Precision = Precision.FP32,
        threads: int | None = None,
        laws: LawBook | None = None,
    ) -> Place:
        """All kernels of a target."""
        kernels = frozenset(member for member in Kernels if member.target is target)
        return cls(kernels=kernels, precision=precision, threads=threads, laws=laws)

    @property
    def target(self) -> Target:
        """What a program for it is converted for."""
        return min(self.kernels).target

    def violations(self, operators: Iterable[Operator]) -> list[Violation]:
        """What a program must not be run for here as it is, in the order of its operators."""
        return (self.laws or known_laws()).violations(operators, self)

    def check(
        self,
        model: str,
        operators: Iterable[Operator],
        answers: Collection[Answer] = _EVERY_ANSWER,
    ) -> None:
        """Refuses a program that would be computed wrongly here.

        Args:
            model: What it is called.
            operators: Those that it has.
            answers: Laws with another answer are left alone.

        Raises:
            ModelError: It has such an operator; names the first, and says how many more.
        """
        found = [each for each in self.violations(operators) if each.law.answer in answers]
        if found:
            others = len(found) - 1
            more = f" (and {others} more of its operators)" if others else ""
            raise ModelError(f"{model} cannot be converted: {found[0]}{more}")
