"""Context managers for Paddle's static and dynamic mode, and for the scope of variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgeslim.paddle_io.importing import load_paddle

__all__ = ["dynamic_mode", "own_scope", "static_mode"]


@contextmanager
def static_mode() -> Iterator[None]:
    """Makes Paddle run programs in the context, and restores its mode."""
    paddle = load_paddle()
    was_dynamic = paddle.in_dynamic_mode()
    paddle.enable_static()
    try:
        yield
    finally:
        if was_dynamic:
            paddle.disable_static()


@contextmanager
def dynamic_mode() -> Iterator[None]:
    """Makes Paddle run single operators in the context, and restores its mode."""
    paddle = load_paddle()
    was_dynamic = paddle.in_dynamic_mode()
    paddle.disable_static()
    try:
        yield
    finally:
        if not was_dynamic:
            paddle.enable_static()


@contextmanager
def own_scope() -> Iterator[Any]:
    """Gives programs that run in the context their own variables, and frees them afterwards.

    Paddle 3.3 keeps a scope with all parameters that were loaded into it until the process ends,
    also if nothing refers to it.
    """
    paddle = load_paddle()
    scope = paddle.static.Scope()
    try:
        with paddle.static.scope_guard(scope):
            yield scope
    finally:
        scope.drop_kids()
        scope.erase(scope.local_var_names())
