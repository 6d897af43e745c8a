"""How a row of the table of operators is written, and what it means.

A row says what an operator of Paddle 3 is called in the old format, and where its operands,
results and attributes go::

    row("pool2d", "X ksize:ints", "Out", "strides:ints paddings:ints ceil_mode:bool …")

- **Operands**, in order: a slot's name; or ``name:type``, an operand that has to be a constant and
  becomes an attribute; or ``name:type/Slot/ListSlot``, which goes into a slot where it is no
  constant, one tensor into the first, a list into the second; or ``-``, which is ignored.
- **Results**, in order: a slot's name; or ``Slot=Operand``, written in place of an operand; or
  ``-``, which the old operator does not have.
- **Attributes**: ``name:type``, ``new=old:type``, or ``name!``, which does not change what is
  computed and is ignored. An attribute that is not in the row is refused by its name.
- **Constants**: attributes that the old operator has and the new one implies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Constant", "Operand", "Row", "row"]

Constant = bool | int | float | str | tuple[int, ...]

_TYPES = {bool: "bool", int: "int", float: "float", str: "str", tuple: "ints"}


@dataclass(frozen=True, slots=True)
class Operand:
    """Where an operand goes.

    Args:
        slot: The old operator's slot for a tensor; empty if it has none.
        list_slot: The old operator's slot for a list of tensors, if it has another one for lists.
        attribute: The attribute that a constant becomes; empty if it stays an operand.
        type: The type of that attribute.
    """

    slot: str
    list_slot: str = ""
    attribute: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The old operator that a new one becomes.

    Args:
        kind: The old operator's name.
        operands: Where the new operator's operands go, in order.
        results: Slot of each result; empty for one that the old operator does not have.
        in_place: Results that are written into an operand: the operand's slot by the result's.
        attributes: Old name and type of each attribute, by its new name.
        ignored: Attributes that do not change what is computed.
        constants: Type and value of attributes that the new operator implies.
        completion: Key of the function in `completions.py` that sets the remaining attributes.
    """

    kind: str
    operands: tuple[Operand, ...]
    results: tuple[str, ...]
    in_place: Mapping[str, str]
    attributes: Mapping[str, tuple[str, str]]
    ignored: frozenset[str]
    constants: Mapping[str, tuple[str, Any]]
    completion: str


def row(
    kind: str,
    operands: str,
    results: str,
    attributes: str = "",
    *,
    completion: str = "",
    **constants: Constant,
) -> Row:
    """A row of the table, written as described above."""
    slots = [slot.partition("=") for slot in results.split()]
    mapped = [attribute for attribute in attributes.split() if not attribute.endswith("!")]
    return Row(
        kind=kind,
        operands=tuple(map(_operand, operands.split())),
        results=tuple("" if slot == "-" else slot for slot, _, _ in slots),
        in_place={slot: source for slot, _, source in slots if source},
        attributes=dict(map(_attribute, mapped)),
        ignored=frozenset(
            attribute[:-1] for attribute in attributes.split() if attribute.endswith("!")
        ),
        constants={
            name: (_TYPES[type(value)], list(value) if isinstance(value, tuple) else value)
            for name, value in constants.items()
        },
        completion=completion,
    )


def _operand(text: str) -> Operand:
    if ":" not in text:
        return Operand("" if text == "-" else text)
    name, _, rest = text.partition(":")
    kind, *slots = rest.split("/")
    slot, list_slot = (*slots, "", "")[:2]
    return Operand(slot, list_slot, attribute=name, type=kind)


def _attribute(text: str) -> tuple[str, tuple[str, str]]:
    names, _, kind = text.partition(":")
    new, _, old = names.partition("=")
    return new, (old or new, kind)
