"""Attributes of Paddle's classes that are others for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["replaced"]


@contextmanager
def replaced(owner: Any, attributes: Mapping[str, Any]) -> Iterator[None]:  # noqa: ANN401
    """Until it is left, a class has these attributes; afterwards those that it had, or none.

    Args:
        owner: The class.
        attributes: Values by name.
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
