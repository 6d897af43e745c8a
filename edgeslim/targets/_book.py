"""A set of laws, and the operators of a program that meet one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeslim.targets._law import Answer, Kernels, Law, Operator

if TYPE_CHECKING:
    from edgeslim.targets._place import Place

__all__ = ["LawBook", "Violation", "kernel_names"]

_NAMES = {Kernels.X86: "x86", Kernels.ARMV7: "armv7", Kernels.ARMV8: "armv8"}


def kernel_names(kernels: Iterable[Kernels]) -> str:
    """Names of kernels for people; both of Arm's together are ``arm``."""
    found = set(kernels)
    arm = {Kernels.ARMV7, Kernels.ARMV8}
    names = [_NAMES[kind] for kind in Kernels if kind in found - arm]
    names += ["arm"] if arm <= found else [_NAMES[kind] for kind in Kernels if kind in found & arm]
    return " and ".join(names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """An operator that meets a law in the place where it is to run."""

    law: Law
    operator: Operator

    def __str__(self) -> str:
        law = self.law
        threads = " with more than one thread" if law.several_threads else ""
        mend = law.mend
        if law.answer is Answer.ONE_THREAD:
            mend = "run it with --threads 1" + (f", or {mend}" if mend else "")
        return (
            f"{self.operator}: {law.happens} on {kernel_names(law.kernels)}{threads} "
            f"({law.condition})" + (f"; {mend}" if mend else "")
        )


@dataclass(frozen=True, slots=True)
class LawBook:
    """The laws of all targets, for one version of the library.

    Args:
        laws: The laws, each with a name of its own.
        library: The library's version that they are about, as ``opt`` prints it; empty is any.
    """

    laws: tuple[Law, ...]
    library: str = ""

    def __post_init__(self) -> None:
        names = [law.name for law in self.laws]
        duplicates = {name for name in names if names.count(name) > 1}
        if duplicates:
            raise ValueError(f"two laws are called {min(duplicates)}")

    def violations(self, operators: Iterable[Operator], place: Place) -> list[Violation]:
        """The operators that a place computes wrongly, in the order of the program."""
        laws = [law for law in self.laws if law.is_about(place)]
        return [
            Violation(law=law, operator=operator)
            for operator in operators
            for law in laws
            if law.is_met_by(operator)
        ]

    def with_changes(
        self, added: Sequence[Law], withdrawn: Iterable[str], *, library: str = ""
    ) -> LawBook:
        """The laws of another version; an added law replaces the one of the same name."""
        dropped = {*withdrawn, *(law.name for law in added)}
        kept = tuple(law for law in self.laws if law.name not in dropped)
        return LawBook((*kept, *added), library=library)
