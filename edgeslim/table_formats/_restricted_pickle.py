"""Pickles of one dictionary from texts to numbers, and of nothing else.

A pickle is a program. Before this one is run it is read, instruction by instruction, and
refused at the first that is not among the few that make dictionaries, texts and numbers:
none that names a class, calls something, or nests tuples (whose hash recurses until the
stack is full). Memory slots are bounded by the count of instructions, since a single
one that names a high slot makes the interpreter reserve everything below it. The unpickler
that runs it afterwards refuses classes and persistent names as well, so that neither of the
two locks is the only one.
"""

from __future__ import annotations

import math
import pickle
import pickletools
from io import BytesIO
from typing import Any, NoReturn

from edgeslim.errors import BadFileError

__all__ = ["read_numbers"]

_MOST_BYTES = 64 * 2**20
_MOST_INSTRUCTIONS = 8_000_000
_STACK = ("PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT")
_AGAIN = ("GET", "BINGET", "LONG_BINGET")
_DICTIONARIES = ("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS")
_TEXTS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING")
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_ALLOWED = frozenset((*_STACK, *_AGAIN, *_DICTIONARIES, *_TEXTS, "SHORT_BINSTRING", *_NUMBERS))
_SLOTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_BROKEN = (
    *(pickle.PickleError, ValueError, TypeError, LookupError, AttributeError),
    *(EOFError, MemoryError, OverflowError),
)
"""What a pickle that is cut off or put together wrongly raises."""


def read_numbers(name: str, content: bytes) -> dict[str, float]:
    """The dictionary in a pickle.

    Args:
        name: What to call it in messages.
        content: The pickle.

    Raises:
        BadFileError: It is too large, broken, or holds anything else.
    """
    if len(content) > _MOST_BYTES:
        raise BadFileError(f"{name} has {len(content)} bytes; a table of latencies is smaller")
    try:
        _check_instructions(name, content)
        value = _NumbersOnly(BytesIO(content), encoding="utf-8").load()
    except _BROKEN as error:
        raise BadFileError(f"{name} is no pickle that can be read: {error}") from error
    return _numbers(name, value)


def _check_instructions(name: str, content: bytes) -> None:
    count = 0
    for count, (opcode, argument, position) in enumerate(pickletools.genops(content), start=1):
        if opcode.name not in _ALLOWED:
            what = f" ({argument})" if isinstance(argument, str) else ""
            raise BadFileError(
                f"{name}: {opcode.name}{what[:80]} at byte {position}: the pickle holds more than "
                "dictionaries, texts and numbers and is not opened"
            )
        if opcode.name in _SLOTS and not 0 <= int(argument or 0) <= count:
            raise BadFileError(f"{name}: memory slot {argument} at byte {position} is none")
        if count > _MOST_INSTRUCTIONS:
            raise BadFileError(f"{name} has more than {_MOST_INSTRUCTIONS} instructions")


class _NumbersOnly(pickle.Unpickler):
    """The second lock."""

    def find_class(self, module: str, name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is asked for")

    def persistent_load(self, pid: Any, /) -> NoReturn:  # noqa: ANN401 - pickle's contract
        raise pickle.UnpicklingError(f"the persistent object {pid!r} is asked for")


def _numbers(name: str, value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise BadFileError(f"{name} holds {type(value).__name__}, not a dictionary of latencies")
    found = {}
    for key, number in value.items():
        if not isinstance(key, str):
            raise BadFileError(f"{name}: a key is of {type(key).__name__}, not a text")
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise BadFileError(f"{name}: {key[:60]!r} has {type(number).__name__}, not a number")
        try:
            found[key] = float(number)
        except OverflowError:
            found[key] = math.inf
    return found
