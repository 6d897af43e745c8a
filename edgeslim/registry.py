"""Plug-in shelves: a package whose modules each hold one member, found by file name.

``edgeslim/spaces/light_nas.py`` is on the shelf of spaces under the name
``light-nas``. Adding a member is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cached_property
from types import ModuleType
from typing import Generic, TypeVar

from edgeslim.errors import UnknownNameError

__all__ = ["Shelf"]

Member = TypeVar("Member")


class Shelf(Generic[Member]):
    """The members of one family.

    Args:
        what: Word for one member in messages, such as ``"space"``.
        package: Dotted name of the package whose modules are the members.
        attribute: Name that each module gives its member.
    """

    def __init__(self, *, what: str, package: str, attribute: str) -> None:
        self._what = what
        self._package = package
        self._attribute = attribute

    @cached_property
    def _modules(self) -> dict[str, str]:
        """Modules by the names of their members, sorted; the folder is listed once."""
        package = importlib.import_module(self._package)
        found = [info.name for info in pkgutil.iter_modules(package.__path__)]
        members = {_normalise(name): name for name in found if not name.startswith("_")}
        return dict(sorted(members.items()))

    def names(self) -> list[str]:
        """Names of all members, sorted. Imports none of them."""
        return list(self._modules)

    def __contains__(self, name: str) -> bool:
        return _normalise(name) in self._modules

    def get(self, name: str) -> Member:
        """The member called ``name``; ``_`` and ``-`` are the same.

        Raises:
            UnknownNameError: No module of that name; the nearest one is offered.
        """
        found = self._modules.get(_normalise(name))
        if found is None:
            raise UnknownNameError(self._what, name, self.names())
        module: ModuleType = importlib.import_module(f"{self._package}.{found}")
        member: Member = getattr(module, self._attribute)
        return member

    def members(self) -> dict[str, Member]:
        """All members by name. Imports all of them."""
        return {name: self.get(name) for name in self.names()}


def _normalise(name: str) -> str:
    return name.strip().lower().replace("_", "-")
