"""Places of a network where there are other forms, and what is left of the network with each.

What a form changes stays near it: the optimizer fuses operators with the few around them. So a
form is priced in a *window*, the operators that it touches and those near them, by the fused
operators that the window has more or less than as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgeslim.errors import EdgeslimError
from edgeslim.execution import Target
from edgeslim.fusion import fuse
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_graph import graph_of
from edgeslim.paddle_io.rewrites import REWRITES, Rewrite
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage
from edgeslim.rewriting.equivalences import EQUIVALENCES
from edgeslim.rewriting.network import Network, Op

__all__ = ["Choice", "KnownWindows", "Site", "Windows", "apply_choices", "find_sites"]

_BEFORE, _BEHIND = 3, 2
"""How many operators before and behind those that a form touches the optimizer may fuse."""

_STAGES = (RewriteStage.CONSTANTS, RewriteStage.BIASES, RewriteStage.APART)
"""Rewritings for laws that decide what is fused, and are applied to windows."""

Choice = tuple[str, str]
"""Name of the tensor that a site makes, and name of the form that is chosen there."""

Counts = Mapping[OpSpec, int]
"""Fused operators with how many of them there are more than before; fewer if it is negative."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place of a network that has other forms.

    Args:
        place: Name of the tensor that its first operator makes.
        forms: Names of the forms, each the equivalence's name and its own.
        touched: Operators that any form touches, by their addresses.
    """

    place: str
    forms: tuple[str, ...]
    touched: frozenset[int]


def find_sites(network: Network, without: Iterable[str] = ()) -> list[Site]:
    """All sites of a network in the order of its operators.

    Args:
        network: The network that is searched.
        without: Names of equivalences that are left out.
    """
    left_out = set(without)
    members = {name: one for name, one in EQUIVALENCES.members().items() if name not in left_out}
    sites = []
    for op in network.ops:
        forms, touched = [], set[int]()
        for name, equivalence in members.items():
            if op.kind in equivalence.kinds:
                for form in equivalence.forms(network, op):
                    forms.append(f"{name}: {form.name}")
                    touched.update(map(id, form.touched))
        if forms:
            site = Site(place=op.result(), forms=tuple(forms), touched=frozenset(touched))
            sites.append(site)
    return sites


def apply_choices(network: Network, choices: Iterable[Choice]) -> list[Choice]:
    """Gives places other forms, in order; returns those that were still possible."""
    taken = []
    for place, name in choices:
        op = network.maker(place)
        equivalence, _, form_name = name.partition(": ")
        member = EQUIVALENCES.get(equivalence)
        if op is None or op.kind not in member.kinds:
            continue
        found = (form for form in member.forms(network, op) if form.name == form_name)
        form = next(found, None)
        if form is not None:
            form.write()
            taken.append((place, name))
    return taken


KnownWindows = dict[tuple[Any, ...], "Counter[OpSpec] | None"]
"""Fused operators of windows, by what those that are fused alike have in common."""


class Windows:
    """The windows of a network's sites, and what each combination of forms leaves there.

    Args:
        network: The network; it must not change meanwhile.
        target: Kind of processor that it is converted for.
        known: What windows of an earlier turn left, which most of this one's are like.
    """

    def __init__(self, network: Network, target: Target, known: KnownWindows | None = None) -> None:
        self._network = network
        self._target = target
        self._index = {id(op): place for place, op in enumerate(network.ops)}
        self._known = {} if known is None else known
        self._unchanged: dict[tuple[int, ...], Counter[OpSpec] | None] = {}

    def near(
        self, touched: Iterable[int], before: int = _BEFORE, behind: int = _BEHIND
    ) -> set[int]:
        """Addresses of operators that are touched or near those that are."""
        found = set(touched)
        for steps, neighbours in ((before, self._makers), (behind, self._readers)):
            edge = set(touched)
            for _ in range(steps):
                edge = {id(op) for address in edge for op in neighbours(self._op(address))}
                found |= edge
        return found

    def _op(self, address: int) -> Op:
        return self._network.ops[self._index[address]]

    def _makers(self, op: Op) -> list[Op]:
        found = (self._network.maker(name) for name in op.reads)
        return [maker for maker in found if maker is not None]

    def _readers(self, op: Op) -> list[Op]:
        return [reader for name in op.writes for reader in self._network.readers(name)]

    def difference(self, sites: Sequence[Site], names: Sequence[str]) -> Counts | None:
        """Fused operators that forms of some sites add and take away.

        Args:
            sites: Sites near each other.
            names: Name of the chosen form of each.

        Returns:
            None if a form is not possible beside the others, or the window cannot be fused.
        """
        near = self.near({address for site in sites for address in site.touched})
        places = tuple(sorted(self._index[address] for address in near))
        part = self._network.part([self._network.ops[place] for place in places])
        if places not in self._unchanged:
            self._unchanged[places] = self._fused_operators(part)
        before = self._unchanged[places]
        choices = [(site.place, name) for site, name in zip(sites, names, strict=True)]
        if before is None or len(apply_choices(part, choices)) < len(choices):
            return None
        part.drop_unread()
        after = self._fused_operators(part)
        if after is None:
            return None
        changed = {spec: after[spec] - before[spec] for spec in before.keys() | after.keys()}
        return {spec: count for spec, count in changed.items() if count}

    def _fused_operators(self, part: Network) -> Counter[OpSpec] | None:
        key = _structure(part)
        if key not in self._known:
            self._known[key] = _fuse(part, self._target)
        return self._known[key]


def _fuse(part: Network, target: Target) -> Counter[OpSpec] | None:
    """The fused operators of a small network; None if they cannot be told."""
    program = part.program()
    draft = Draft(program, values=part.values)
    try:
        for rewrite in _rewrites():
            if rewrite.is_for(draft):
                rewrite.apply(draft)
        graph = graph_of(program, Path("window"))
    except EdgeslimError:  # something that no prediction is made for
        return None
    return Counter(fuse(graph, target).specs)


@cache
def _rewrites() -> tuple[Rewrite, ...]:
    """The rewritings for laws that windows are given, in order."""
    found = (one for one in REWRITES.members().values() if one.stage in _STAGES)
    return tuple(sorted(found, key=lambda rewrite: rewrite.stage))


def _structure(part: Network) -> tuple[Any, ...]:
    """What windows that are fused alike have in common: all but names and values."""
    numbers: dict[str, int] = {}

    def number(names: Iterable[str]) -> tuple[int, ...]:
        return tuple(numbers.setdefault(name, len(numbers)) for name in names)

    ops = tuple(
        (
            op.kind,
            tuple((slot, number(names)) for slot, names in op.inputs.items()),
            tuple((slot, number(names)) for slot, names in op.outputs.items()),
            tuple(
                (name, repr(value))
                for name, value in op.attributes.items()
                if not name.startswith("op_")
            ),
        )
        for op in part.ops
    )
    shapes = tuple(
        (part.shapes.get(name), part.types.get(name), name in part.values, _is_ones(part, name))
        for name in numbers
    )
    return ops, shapes, number(part.feeds), number(part.fetches)


def _is_ones(part: Network, name: str) -> bool:
    value = part.values.get(name)
    return value is not None and value.size == 1 and float(value.reshape(())) == 1.0
