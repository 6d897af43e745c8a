"""An immutable mapping that can be a key."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Any, TypeVar

__all__ = ["FrozenMap", "freeze"]

Value = TypeVar("Value")


class FrozenMap(Mapping[str, Value]):
    """An immutable mapping from names to hashable values, ordered by name."""

    __slots__ = ("_hash", "_items")

    def __init__(self, items: Mapping[str, Value] | None = None, /, **more: Value) -> None:
        self._items: dict[str, Value] = dict(sorted({**(items or {}), **more}.items()))
        self._hash = hash(tuple(self._items.items()))

    def __getitem__(self, name: str) -> Value:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    # Those of `Mapping` call `__getitem__` for each item, and some spaces have 100,000 operators.
    def items(self) -> ItemsView[str, Value]:
        return self._items.items()

    def values(self) -> ValuesView[Value]:
        return self._items.values()

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenMap) and self._items == other._items

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"


def freeze(value: Any) -> Any:  # noqa: ANN401 - plain JSON values have no narrower type
    """Converts lists of plain JSON values to tuples, recursively."""
    return tuple(freeze(item) for item in value) if isinstance(value, (list, tuple)) else value
