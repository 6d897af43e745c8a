"""An operator at all widths that the channel groups it depends on may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from edgeslim.channels.pruned import pruned_node
from edgeslim.channels.sizes import AxisForms, Sizes
from edgeslim.graph import Node
from edgeslim.opspec import OpSpec

__all__ = ["SumVariants", "Variants", "all_variants", "sum_variants", "variants"]

Choices = Mapping[str, Sequence[int]]
"""Widths to choose from, by group."""

_MOST_GROUPS = 2
"""An operator of more groups is looked at by the sum of their widths."""

_TOTALS = 17
"""Sums at which an operator that reads a concatenation is looked at; between them, a line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variants:
    """An operator of at most two groups.

    Args:
        groups: The groups it depends on.
        specs: The operator for each choice of their widths, the last group's fastest.
        shape: How many choices each group has.
    """

    groups: tuple[str, ...]
    specs: tuple[OpSpec, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SumVariants:
    """An operator that depends on a sum of several groups' widths.

    Args:
        parts: The groups of the sum, and how often each counts.
        totals: Sums that it was looked at.
        output: One more group that it depends on, or none.
        specs: The operator for each sum and each width of the output, that one's fastest.
        held: Groups that were taken as they are, since it depends on them as well.
    """

    parts: tuple[tuple[str, int], ...]
    totals: tuple[int, ...]
    output: str | None
    specs: tuple[OpSpec, ...]
    held: tuple[str, ...] = ()


def _forms_of(node: Node, forms: AxisForms) -> set[tuple[tuple[str, int], ...]]:
    """The different sums of groups that an operator's axes are."""
    names = [
        name
        for slots in (node.inputs, node.weights, node.outputs)
        for each in slots.values()
        for name in each
    ]
    return {form[1] for name in names for form in forms.of(name) if form and form[1]}


def all_variants(
    node: Node, forms: AxisForms, choices: Choices, held: Mapping[str, int]
) -> Variants | SumVariants:
    """An operator at all widths: one by one, or of many groups by the sum of theirs.

    Args:
        node: The operator.
        forms: Of the network's axes.
        choices: Widths to choose from.
        held: Widths of all groups, where not all can be looked at.
    """
    groups = {name for parts in _forms_of(node, forms) for name, _ in parts}
    if len(groups) <= _MOST_GROUPS:
        return variants(node, forms, choices)
    return sum_variants(node, forms, choices, held)


def variants(node: Node, forms: AxisForms, choices: Choices) -> Variants:
    """An operator at all widths of its groups, one by one."""
    groups = tuple(sorted({name for parts in _forms_of(node, forms) for name, _ in parts}))
    return Variants(
        groups=groups,
        specs=tuple(
            pruned_node(node, Sizes(forms, dict(zip(groups, widths, strict=True)))).spec
            for widths in product(*(choices[name] for name in groups))
        ),
        shape=tuple(len(choices[name]) for name in groups),
    )


def sum_variants(
    node: Node, forms: AxisForms, choices: Choices, held: Mapping[str, int]
) -> SumVariants:
    """An operator by its longest sum of groups, and by one group besides.

    Args:
        node: The operator.
        forms: Of the network's axes.
        choices: Widths to choose from.
        held: Widths of all groups, for those that it depends on besides.
    """
    every = sorted(_forms_of(node, forms), key=lambda parts: (len(parts), parts))
    longest = every[-1]
    inside = {name for name, _ in longest}
    others = sorted({name for parts in every for name, _ in parts} - inside)
    output = others[0] if len(others) == 1 else None
    least = sum(times * min(choices[name]) for name, times in longest)
    most = sum(times * max(choices[name]) for name, times in longest)
    totals = tuple(sorted({round(each) for each in np.linspace(least, most, _TOTALS)}))
    rest = {} if output else {name: held[name] for name in others}
    specs = [
        pruned_node(node, Sizes(forms, {**_spread(longest, choices, total), **more, **rest})).spec
        for total in totals
        for more in _outputs(output, choices)
    ]
    return SumVariants(
        parts=longest,
        totals=totals,
        output=output,
        specs=tuple(specs),
        held=() if output else tuple(others),
    )


def _outputs(output: str | None, choices: Choices) -> Iterator[dict[str, int]]:
    if output is None:
        yield {}
    else:
        for width in choices[output]:
            yield {output: width}


def _spread(parts: tuple[tuple[str, int], ...], choices: Choices, total: int) -> dict[str, int]:
    """Widths with about a sum: all groups by the same share of theirs, then one by one."""
    full = sum(times * max(choices[name]) for name, times in parts)
    widths = {name: max(1, int(max(choices[name]) * total / full)) for name, _ in parts}
    lacking = total - sum(times * widths[name] for name, times in parts)
    for name, times in parts:
        room = max(choices[name]) - widths[name]
        more = min(room, lacking // times)
        widths[name] += more
        lacking -= more * times
    return widths
