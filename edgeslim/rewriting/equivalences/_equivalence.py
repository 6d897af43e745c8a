"""What an equivalence is: a law, and the forms that it offers for operators of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op

__all__ = ["Equivalence", "OtherForm"]


@dataclass(frozen=True, kw_only=True)
class OtherForm:
    """Another form of one or several operators.

    Args:
        name: Short name, unique among the forms of an operator.
        touched: Operators that are replaced, or change what they read or compute.
        write: Changes the network that it was found in. It removes what it makes superfluous.
    """

    name: str
    touched: tuple[Op, ...]
    write: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """A kind of equivalence.

    Args:
        law: The equation that it keeps.
        limits: Where it does not hold, and is not offered.
        saves: What it saves, and on which target that was seen.
        bound: Largest difference of results over the largest value, in 32-bit floats.
        kinds: Kinds of operators that it is looked for at.
        forms: The other forms of an operator in a network, which all compute the same.
        example: Adds operators to a network of random shapes, weights and attributes, at least
            one of which has another form.
    """

    law: str
    limits: str
    saves: str
    bound: float
    kinds: frozenset[str]
    forms: Callable[[Network, Op], Iterable[OtherForm]]
    example: Callable[[Example], str]
