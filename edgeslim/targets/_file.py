"""A user's own laws, for another version of the library, from a TOML file.

Conditions are declared and no code of the file is run: attributes that are equal to a value or to
one of several, numbers of axes, extents within limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edgeslim.errors import BadFileError, UnknownNameError
from edgeslim.execution import Precision
from edgeslim.files import read_toml
from edgeslim.targets._book import LawBook
from edgeslim.targets._known import known_laws
from edgeslim.targets._law import ARM, FLOATS, Answer, Kernels, Law, Operator

__all__ = ["read_laws"]

_KERNELS = {"arm": ARM, **{kernels.value: frozenset({kernels}) for kernels in Kernels}}

_Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
_Words = Annotated[str, msgspec.Meta(min_length=1)]
_Kinds = Annotated[tuple[_Words, ...], msgspec.Meta(min_length=1)]
_Targets = Annotated[
    tuple[Literal["arm", "armv7", "armv8", "x86"], ...], msgspec.Meta(min_length=1)
]
_Precisions = Annotated[tuple[Precision, ...], msgspec.Meta(min_length=1)]


class _Extent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of an axis of the first tensor in a slot; an empty slot is the first input."""

    axis: int
    slot: str = ""
    least: int = 0
    most: int | None = None

    def is_met_by(self, operator: Operator) -> bool:
        """Whether the operator has the axis and its extent is within the limits."""
        shape = operator.shape(self.slot)
        if not -len(shape) <= self.axis < len(shape):
            return False
        return self.least <= shape[self.axis] and (
            self.most is None or shape[self.axis] <= self.most
        )


class _Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Conditions of a law, all of which an operator has to meet.

    Args:
        equal: The value that each of these attributes has.
        among: The values of which each of these attributes has one.
        ranks: The numbers of axes that the first tensor in a slot may have.
        extents: Limits of the extents of axes.
    """

    equal: Mapping[str, Any] = {}
    among: Mapping[str, tuple[Any, ...]] = {}
    ranks: Mapping[str, tuple[int, ...]] = {}
    extents: tuple[_Extent, ...] = ()

    def is_met_by(self, operator: Operator) -> bool:
        """Whether an operator meets all; an attribute that is left out equals nothing."""
        values = {**{name: (value,) for name, value in self.equal.items()}, **self.among}
        return (
            all(
                any(operator.attribute(name, None) == _plain(value) for value in allowed)
                for name, allowed in values.items()
            )
            and all(len(operator.shape(slot)) in ranks for slot, ranks in self.ranks.items())
            and all(extent.is_met_by(operator) for extent in self.extents)
        )


def _plain(value: Any) -> Any:  # noqa: ANN401 - as attributes are
    """A value with tuples instead of lists, as operators have them."""
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


class _Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A law as a file declares it; operators that meet it are refused."""

    name: _Name
    operators: _Kinds
    condition: _Words
    happens: _Words
    source: _Words
    targets: _Targets = ("arm",)
    precisions: _Precisions = tuple(sorted(FLOATS))
    several_threads: bool = False
    mend: str = ""
    when: _Conditions = _Conditions()

    def law(self) -> Law:
        """The declared law as a value like any other."""
        return Law(
            name=self.name,
            operators=self.operators,
            condition=self.condition,
            meets=self.when.is_met_by,
            happens=self.happens,
            source=self.source,
            answer=Answer.ONE_THREAD if self.several_threads else Answer.REFUSED,
            kernels=frozenset(kernels for target in self.targets for kernels in _KERNELS[target]),
            precisions=frozenset(self.precisions),
            several_threads=self.several_threads,
            mend=self.mend,
        )


class _LawFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs in a version of the library; an empty version is any."""

    library: str = ""
    withdrawn: tuple[str, ...] = ()
    laws: tuple[_Declared, ...] = ()


def read_laws(path: Path) -> LawBook:
    """Reads a file of laws: the known laws with the changes that it declares.

    Raises:
        BadFileError: The file is missing or not valid; the message names the place in it.
        UnknownNameError: It withdraws a law that is not known.
    """
    file = read_toml(path, _LawFile)
    known = {law.name for law in known_laws().laws}
    for name in file.withdrawn:
        if name not in known:
            raise UnknownNameError(f"law in {path}", name, known)
    try:
        return known_laws().with_changes(
            [law.law() for law in file.laws], file.withdrawn, library=file.library
        )
    except ValueError as error:
        raise BadFileError(f"{path}: {error}") from error
