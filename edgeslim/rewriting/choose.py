"""Choosing the forms of a network that a device runs fastest together.

In each turn all places with other forms are found, each form is priced alone and each pair of
forms that are near each other together, and the cheapest combination of all is found exactly
(`edgeslim.rewriting.elimination`). A form may make another one possible, so this is repeated until
nothing is gained.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import isfinite

import numpy as np

from edgeslim.execution import Target
from edgeslim.opspec import OpSpec
from edgeslim.progress import SILENT, Progress
from edgeslim.rewriting.elimination import Costs, cheapest_choices
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.prices import Prices
from edgeslim.rewriting.sites import KnownWindows, Site, Windows, apply_choices, find_sites

__all__ = ["Taken", "choose_forms", "form_operators"]

_TURNS = 6
_LEAST_MS = 1e-6
"""What a form must save at least, so that one that changes nothing is not taken."""

_NEVER = 1e9
"""Milliseconds of what is not possible: a number that sums stay finite with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A form that was chosen.

    Args:
        equivalence: Name of its equivalence.
        form: Name of the form.
        place: Name of the tensor that it was found at.
        saves_ms: Milliseconds that it is predicted to save by itself.
    """

    equivalence: str
    form: str
    place: str
    saves_ms: float


def choose_forms(
    network: Network,
    target: Target,
    prices: Prices,
    *,
    without: Iterable[str] = (),
    progress: Progress = SILENT,
) -> list[Taken]:
    """Rewrites a network in place to the forms that are predicted to be fastest.

    Args:
        network: The network that is rewritten.
        target: Kind of processor that it is converted for.
        prices: Prices of operators on the device.
        without: Names of equivalences that are left out.
        progress: Display that shows the progress.
    """
    taken: list[Taken] = []
    known: KnownWindows = {}
    for turn in range(_TURNS):
        sites = find_sites(network, without)
        windows = Windows(network, target, known)
        found = _choose_once(windows, prices, sites, progress=progress, turn=turn)
        if not found:
            break
        done = set(apply_choices(network, [(one.place, _full_name(one)) for one in found]))
        network.drop_unread()
        taken += [one for one in found if (one.place, _full_name(one)) in done]
    return taken


def form_operators(network: Network, target: Target) -> list[OpSpec]:
    """Fused operators that the forms of a network have and the network has not, each once.

    Args:
        network: The network as it came.
        target: Kind of processor that it is converted for.
    """
    windows = Windows(network, target)
    found: dict[OpSpec, None] = {}
    for site in find_sites(network):
        for name in site.forms:
            changed = windows.difference([site], [name]) or {}
            found.update((spec, None) for spec, count in changed.items() if count > 0)
    return list(found)


def _full_name(taken: Taken) -> str:
    return f"{taken.equivalence}: {taken.form}"


def _choose_once(
    windows: Windows,
    prices: Prices,
    sites: Sequence[Site],
    *,
    progress: Progress,
    turn: int,
) -> list[Taken]:
    """The forms of one turn, in the order of the network."""
    if not sites:
        return []
    near = [windows.near(site.touched, 1, 1) for site in sites]
    pairs = [
        (one, two)
        for one, two in combinations(range(len(sites)), 2)
        if near[one] & sites[two].touched
    ]
    work = len(sites) + len(pairs)
    with progress.stage(f"forms, turn {turn + 1}", work) as stage:
        alone = []
        for site in sites:
            alone.append([windows.difference([site], [name]) for name in site.forms])
            stage.advance()
        _find_prices(prices, (counts for found in alone for counts in found))
        single = [
            np.array([0.0, *(min(prices.change_ms(c) + _LEAST_MS, _NEVER) for c in found)])
            for found in alone
        ]
        together = {}
        for one, two in pairs:
            together[one, two] = _pair(windows, sites[one], sites[two], single[one], single[two])
            stage.advance()
        _find_prices(prices, (counts for found in together.values() for counts in found.values()))
    tables = {
        (one, two): _extra(prices, found, single[one], single[two])
        for (one, two), found in together.items()
    }
    choices = cheapest_choices(single, tables)
    return [
        _as_taken(site, choice, costs[choice])
        for site, choice, costs in zip(sites, choices, single, strict=True)
        if choice
    ]


def _as_taken(site: Site, choice: int, cost_ms: float) -> Taken:
    equivalence, _, form = site.forms[choice - 1].partition(": ")
    return Taken(equivalence=equivalence, form=form, place=site.place, saves_ms=-float(cost_ms))


Combinations = dict[tuple[int, int], "dict[OpSpec, int] | None"]
"""Change of operators for each combination of two places' forms, by their numbers."""


def _pair(
    windows: Windows, one: Site, two: Site, costs_one: Costs, costs_two: Costs
) -> Combinations:
    found: Combinations = {}
    for first, second in product(range(1, len(costs_one)), range(1, len(costs_two))):
        if max(costs_one[first], costs_two[second]) < _NEVER:
            names = one.forms[first - 1], two.forms[second - 1]
            counts = windows.difference([one, two], names)
            found[first, second] = None if counts is None else dict(counts)
    return found


def _extra(prices: Prices, found: Combinations, costs_one: Costs, costs_two: Costs) -> Costs:
    """What combinations cost on top of what each of the two costs alone."""
    table = np.zeros((len(costs_one), len(costs_two)))
    for (first, second), counts in found.items():
        together = prices.change_ms(counts)
        alone = costs_one[first] + costs_two[second] - 2 * _LEAST_MS
        table[first, second] = together - alone if isfinite(together) else _NEVER
    return table


def _find_prices(prices: Prices, changes: Iterable[object]) -> None:
    """Finds the prices of all operators of some changes at once."""
    prices.find(spec for counts in changes if isinstance(counts, dict) for spec in counts)
