"""Pickles of dictionaries, lists, texts and numbers, and of nothing else.

A pickle is a program. Before it is run its instructions are read, and it is
refused at the first that is not needed for the expected content: for a table
dictionaries, texts and numbers, for sensitivities lists and NumPy's numbers as well. Memory
slots are bounded by the count of instructions, since a single one that names a high slot makes
the interpreter reserve everything below it. The unpickler that runs it afterwards refuses
classes and persistent names as well, so that there are two independent checks.

NumPy writes a number as a call of its own functions with tuples. Those calls are replaced by
functions of this module, which make a number or fail, and a tuple is only allowed as an argument
of such a call: as the key of a dictionary, nested tuples would be hashed until the stack is full.
"""

from __future__ import annotations

import math
import pickle
import pickletools
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, NoReturn

import numpy as np

from edgeslim.errors import BadFileError

__all__ = ["is_pickle", "read_nested", "read_numbers"]

_MOST_BYTES = 64 * 2**20
_MOST_INSTRUCTIONS = 8_000_000
_STACK = ("PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT")
_AGAIN = ("GET", "BINGET", "LONG_BINGET")
_DICTIONARIES = ("EMPTY_DICT", "DICT", "SETITEM", "SETITEMS")
_TEXTS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING", "BINSTRING")
_NUMBERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT")
_ALLOWED = frozenset((*_STACK, *_AGAIN, *_DICTIONARIES, *_TEXTS, "SHORT_BINSTRING", *_NUMBERS))
_LISTS = ("EMPTY_LIST", "LIST", "APPEND", "APPENDS")
_TUPLES = frozenset(("TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"))
_CALLS = ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD")
_OF_NUMPY = (*_TUPLES, *_CALLS, "NONE", "NEWTRUE", "NEWFALSE", "BINBYTES", "SHORT_BINBYTES")
_NESTED = frozenset((*_ALLOWED, *_LISTS, *_OF_NUMPY))
_SLOTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_BROKEN = (
    *(pickle.PickleError, ValueError, TypeError, LookupError, AttributeError),
    *(EOFError, MemoryError, OverflowError),
)
"""Errors that a truncated or malformed pickle raises."""


def is_pickle(content: bytes) -> bool:
    """Whether a file that is not JSON begins like a pickle of a dictionary."""
    return content[:1] == b"\x80" or content[:2] in {b"(d", b"}q"}


def read_numbers(name: str, content: bytes) -> dict[str, float]:
    """Reads the dictionary from texts to numbers in a pickle.

    Args:
        name: Name of the file in messages.
        content: Bytes of the pickle.

    Raises:
        BadFileError: It is too large, broken, or holds anything else.
    """
    value = _load(name, content, _ALLOWED, _NumbersOnly(BytesIO(content), encoding="utf-8"))
    return _numbers(name, value)


def read_nested(name: str, content: bytes) -> object:
    """Reads a pickle of dictionaries, lists, texts and numbers, also of NumPy's.

    Lists and dictionaries may contain themselves.

    Raises:
        BadFileError: It is too large, broken, or holds anything else.
    """
    return _load(name, content, _NESTED, _NumPyAsWell(BytesIO(content), encoding="latin1"))


def _load(
    name: str, content: bytes, allowed: frozenset[str], unpickler: pickle.Unpickler
) -> object:
    if len(content) > _MOST_BYTES:
        raise BadFileError(f"{name} has {len(content)} bytes; what is read here is smaller")
    try:
        _check_instructions(name, content, allowed)
        value: object = unpickler.load()
    except _BROKEN as error:
        raise BadFileError(f"{name} is not a pickle that can be read: {error}") from error
    return value


def _check_instructions(name: str, content: bytes, allowed: frozenset[str]) -> None:
    count, has_tuple = 0, False
    for count, (opcode, argument, position) in enumerate(pickletools.genops(content), start=1):
        is_foreign = opcode.name == "GLOBAL" and argument not in _GLOBALS
        if opcode.name not in allowed or is_foreign:
            what = f" ({argument})" if isinstance(argument, str) else ""
            raise BadFileError(
                f"{name}: {opcode.name}{what[:80]} at byte {position}: the pickle holds more than "
                "dictionaries, texts and numbers and is not opened"
            )
        if has_tuple and opcode.name not in {*_SLOTS, "MEMOIZE", "REDUCE", "BUILD"}:
            raise BadFileError(f"{name}: the tuple before byte {position} is of no number")
        has_tuple = opcode.name in _TUPLES or (has_tuple and opcode.name in {*_SLOTS, "MEMOIZE"})
        if opcode.name in _SLOTS and not 0 <= int(argument or 0) <= count:
            raise BadFileError(f"{name}: memory slot {argument} at byte {position} is none")
        if count > _MOST_INSTRUCTIONS:
            raise BadFileError(f"{name} has more than {_MOST_INSTRUCTIONS} instructions")


class _NumbersOnly(pickle.Unpickler):
    """The second check: an unpickler that refuses classes and persistent names."""

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - pickle's contract
        raise pickle.UnpicklingError(f"{module}.{name} is asked for")

    def persistent_load(self, pid: Any, /) -> NoReturn:  # noqa: ANN401 - pickle's contract
        raise pickle.UnpicklingError(f"the persistent object {pid!r} is asked for")


class _NumPyAsWell(_NumbersOnly):
    """The second check where NumPy's numbers are allowed, with functions of this module."""

    def find_class(self, module: str, name: str, /) -> Any:  # noqa: ANN401 - pickle's contract
        known = _GLOBALS.get(f"{module} {name}")
        return known() if known is not None else super().find_class(module, name)


class _NumberType:
    """A type of NumPy's numbers, such as ``f8``, and the order of its bytes."""

    __slots__ = ("code", "order")

    def __init__(self, code: object) -> None:
        if code not in {f"{kind}{size}" for kind in "fiu" for size in (1, 2, 4, 8)} - {"f1"}:
            raise pickle.UnpicklingError(f"the type {code!r:.20} is of no number")
        self.code = str(code)
        self.order = "<"

    def __setstate__(self, state: Any) -> None:  # noqa: ANN401 - pickle's contract
        _, order, *_ = state
        if order not in ("<", ">", "|"):
            raise pickle.UnpicklingError(f"the order {order!r:.20} of bytes is none")
        self.order = order


class _TypeOf:
    """``numpy.dtype``."""

    __slots__ = ()

    def __call__(self, code: object, *_: object) -> _NumberType:
        return _NumberType(code)


class _Encoded:
    """``_codecs.encode``, by which Python 3 writes bytes for older ones."""

    __slots__ = ()

    def __call__(self, text: object, encoding: object) -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError("bytes are written as text otherwise than by latin1")
        return text.encode("latin1")


class _Scalar:
    """``numpy.core.multiarray.scalar``."""

    __slots__ = ()

    def __call__(self, kind: object, content: object) -> float:
        raw = content.encode("latin1") if isinstance(content, str) else content
        if not isinstance(kind, _NumberType) or not isinstance(raw, bytes):
            raise pickle.UnpicklingError("a number of NumPy's is of something else")
        (number,) = np.frombuffer(raw, np.dtype(f"{kind.order}{kind.code}"))
        return float(number)


_GLOBALS: Mapping[str, Callable[[], object]] = {
    "numpy dtype": _TypeOf,
    "numpy.core.multiarray scalar": _Scalar,
    "numpy._core.multiarray scalar": _Scalar,
    "_codecs encode": _Encoded,
}
"""Replacements for the functions that pickles call for NumPy's numbers, by their names."""


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
