"""Paddle's two modes: programs that it runs, and operators that it runs one by one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgeslim.paddle_io.importing import load_paddle

__all__ = ["dynamic_mode", "static_mode"]


@contextmanager
def static_mode() -> Iterator[None]:
    """Paddle runs programs; afterwards it is as it was."""
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
    """Paddle runs operators one by one; afterwards it is as it was."""
    paddle = load_paddle()
    was_dynamic = paddle.in_dynamic_mode()
    paddle.disable_static()
    try:
        yield
    finally:
        if not was_dynamic:
            paddle.enable_static()
