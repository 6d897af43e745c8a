"""The first operators of an optimized model as an optimized model of its own.

The file itself is cut, and not the network that it was made from: kernels, fused operators, stored
weights, and which tensors share memory are those of the whole network, to the bit. The list of
operators ends earlier, the output becomes what the last one writes, and weights that nothing reads
any more are left out. The runtime skips what feeds and fetches, so that an output costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from edgeslim.errors import BadFileError, ModelError
from edgeslim.lite.flat_tables import FlatTable, root_table
from edgeslim.lite.optimized_model import pack_model, parameter_messages, program_message

__all__ = ["ProgramPrefixes"]

_ENDS = frozenset({"feed", "fetch"})
_MAIN_SLOTS = ("Out", "Output", "Y")
"""Slots of an operator's own result; others hold what only training needs, such as shapes."""
_WORD = struct.Struct("<I")
_ALIGNMENT = 8


class ProgramPrefixes:
    """Cuts an optimized model after any of its operators.

    Args:
        content: The optimized model's file.

    Raises:
        BadFileError: The content is no whole optimized model.
        ModelError: The program has loops or branches.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            self._message = program_message(content)
            blocks = root_table(self._message).tables(0)
            self._block = blocks[0]
            operators = self._block.tables(3)
            self._weights = {
                root_table(message).text(1): message for message in parameter_messages(content)
            }
            self._feeds = [call for call in operators if call.text(0) == "feed"]
            self._fetch = next(call for call in operators if call.text(0) == "fetch")
            self._calls = [call for call in operators if call.text(0) not in _ENDS]
            self.kinds: tuple[str, ...] = tuple(call.text(0) for call in self._calls)
        except (ValueError, IndexError, StopIteration, struct.error) as error:
            raise BadFileError(f"this is not a whole optimized model: {error}") from error
        if len(blocks) > 1:
            raise ModelError("a network with loops or branches has no order of operators to cut")

    def __len__(self) -> int:
        """Number of operators."""
        return len(self._calls)

    def weight_bytes(self) -> list[int]:
        """Bytes of the weights that each operator reads first, as they are stored."""
        seen: set[str] = set()
        sizes = []
        for call in self._calls:
            new = [name for name in _reads(call) if name in self._weights and name not in seen]
            seen.update(new)
            sizes.append(sum(len(self._weights[name]) for name in dict.fromkeys(new)))
        return sizes

    def cut(self, count: int) -> bytes:
        """The optimized model of the first operators.

        Args:
            count: How many operators it has, from 1 to all.

        Raises:
            ValueError: There are not so many.
            ModelError: The last of them writes nothing that could be an output.
        """
        if not 1 <= count <= len(self._calls):
            raise ValueError(f"there are {len(self._calls)} operators, and {count} cannot be kept")
        kept = self._calls[:count]
        read = {name for call in kept for name in _reads(call)}
        weights = [message for name, message in self._weights.items() if name in read]
        return pack_model(self._content, self._shortened_program(kept), weights)

    def _shortened_program(self, kept: Sequence[FlatTable]) -> bytes:
        """The program with fewer operators, written over the longer list of all.

        Offsets only lead forward, so a new list can only stand before the operators; and a new
        name can stand at the end.
        """
        message = bytearray(self._message)
        place = self._block.vector_position(3)
        operators = [*self._feeds, *kept, self._fetch]
        _WORD.pack_into(message, place, len(operators))
        for index, call in enumerate(operators):
            entry = place + 4 * (index + 1)
            _WORD.pack_into(message, entry, call.position - entry)
        name = _result_of(kept[-1]).encode()
        message += bytes(-len(message) % _ALIGNMENT)
        entry = self._fetch.tables(1)[0].vector_position(1) + 4
        _WORD.pack_into(message, entry, len(message) - entry)
        message += _WORD.pack(len(name)) + name + b"\0"
        return bytes(message + bytes(-len(message) % _ALIGNMENT))


def _reads(call: FlatTable) -> list[str]:
    return [name for slot in call.tables(1) for name in slot.texts(1)]


def _result_of(call: FlatTable) -> str:
    """Name of the tensor that an operator computes, the first one where it has several."""
    slots = {slot.text(0): slot.texts(1) for slot in call.tables(2)}
    for slot in (*_MAIN_SLOTS, *slots):
        if slots.get(slot):
            return slots[slot][0]
    raise ModelError(f"{call.text(0)} writes no tensor")
