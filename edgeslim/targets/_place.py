"""The place where a program is to run: kernels, precision, threads, and the laws there."""

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
    """The place where a program is to run.

    Args:
        kernels: The kernels that may run it: all that a file is for, or those of one device.
        precision: The precision that the program computes in.
        threads: The number of threads; None if it is not known, and may be more than one.
        laws: The laws of the library's version there; by default those that edgeslim knows.
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
        """The place that has all kernels of a target."""
        kernels = frozenset(member for member in Kernels if member.target is target)
        return cls(kernels=kernels, precision=precision, threads=threads, laws=laws)

    @property
    def target(self) -> Target:
        """The target that a program for this place is converted for."""
        return min(self.kernels).target

    def violations(self, operators: Iterable[Operator]) -> list[Violation]:
        """The operators that are computed wrongly here, in the order of the program."""
        return (self.laws or known_laws()).violations(operators, self)

    def check(
        self,
        model: str,
        operators: Iterable[Operator],
        answers: Collection[Answer] = _EVERY_ANSWER,
    ) -> None:
        """Refuses a program that would be computed wrongly here.

        Args:
            model: Name of the model, for the message.
            operators: The program's operators in order.
            answers: Only laws with one of these answers are checked.

        Raises:
            ModelError: An operator meets a law; the first is named, the others are counted.
        """
        found = [
            violation for violation in self.violations(operators) if violation.law.answer in answers
        ]
        if found:
            others = len(found) - 1
            more = f" (and {others} more of its operators)" if others else ""
            raise ModelError(f"{model} cannot be converted: {found[0]}{more}")
