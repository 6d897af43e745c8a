"""Temporary replacement of attributes of Paddle's classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["replace_attributes"]


@contextmanager
def replace_attributes(owner: Any, attributes: Mapping[str, Any]) -> Iterator[None]:  # noqa: ANN401
    """Replaces attributes of a class while the context lasts, and restores them afterwards.

    Args:
        owner: The class whose attributes are replaced.
        attributes: The new values by name; the class need not have an attribute of that name.
    """
    before = {name: vars(owner)[name] for name in attributes if name in vars(owner)}
    try:
        for name, value in attributes.items():
            setattr(owner, name, value)
        yield
    finally:
        for name in attributes:
            if name in before:
                setattr(owner, name, before[name])
            elif name in vars(owner):
                delattr(owner, name)
