"""All laws together: which of them a program meets, and what is to be said of it."""

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
    """Names for people; both of Arm's together are ``arm``."""
    found = set(kernels)
    arm = {Kernels.ARMV7, Kernels.ARMV8}
    names = [_NAMES[each] for each in Kernels if each in found - arm]
    names += ["arm"] if arm <= found else [_NAMES[each] for each in Kernels if each in found & arm]
    return " and ".join(names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """An operator that meets a law where it is to run."""

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
    """What is known of the kernels of all targets.

    Args:
        laws: No two have one name.
        library: The one version of the library that they are of, as ``opt`` says it; empty is any.
    """

    laws: tuple[Law, ...]
    library: str = ""

    def __post_init__(self) -> None:
        names = [law.name for law in self.laws]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two laws are called {min(twice)}")

    def violations(self, operators: Iterable[Operator], place: Place) -> list[Violation]:
        """What a program must not be run for as it is, in the order of its operators."""
        about = [law for law in self.laws if law.is_about(place)]
        return [
            Violation(law=law, operator=operator)
            for operator in operators
            for law in about
            if law.is_met_by(operator)
        ]

    def with_changes(
        self, added: Sequence[Law], withdrawn: Iterable[str], *, library: str = ""
    ) -> LawBook:
        """The same for another library; one of a known name takes that one's place."""
        gone = {*withdrawn, *(law.name for law in added)}
        kept = tuple(law for law in self.laws if law.name not in gone)
        return LawBook((*kept, *added), library=library)
