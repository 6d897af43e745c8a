"""An operator at all widths that the channel groups it depends on may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from edgeslim.channels.prune_graph import prune_node
from edgeslim.channels.sizes import AxisForms, ShapesAtWidths
from edgeslim.graph import Node
from edgeslim.opspec import OpSpec

__all__ = ["SumVariants", "Variants", "vary_each_group", "vary_sum", "vary_widths"]

Choices = Mapping[str, Sequence[int]]
"""Widths to choose from, by name of the group."""

_MOST_GROUPS = 2
"""An operator that depends on more groups is evaluated by the sum of their widths."""

_TOTALS = 17
"""Number of sums at which such an operator is evaluated; between them, latency is linear."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Variants:
    """An operator that depends on at most two groups, at all their widths.

    Args:
        groups: Names of the groups that it depends on.
        specs: The operator for each choice of their widths, the last group's changing fastest.
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
        totals: Sums at which it is evaluated.
        output: One more group that it depends on, or None.
        specs: The operator for each sum and each width of ``output``, which changes fastest.
        fixed: Further groups that it depends on, which are left at their widths.
    """

    parts: tuple[tuple[str, int], ...]
    totals: tuple[int, ...]
    output: str | None
    specs: tuple[OpSpec, ...]
    fixed: tuple[str, ...] = ()


def _forms_of(node: Node, forms: AxisForms) -> set[tuple[tuple[str, int], ...]]:
    """The different sums of groups that are lengths of an operator's axes."""
    names = [
        name
        for slots in (node.inputs, node.weights, node.outputs)
        for slot_names in slots.values()
        for name in slot_names
    ]
    return {form[1] for name in names for form in forms.of(name) if form and form[1]}


def vary_widths(
    node: Node, forms: AxisForms, choices: Choices, fixed: Mapping[str, int]
) -> Variants | SumVariants:
    """An operator at all widths of its groups, or of many groups at sums of their widths.

    Args:
        node: The operator in its graph.
        forms: Lengths of the network's axes.
        choices: Widths to choose from, by name of the group.
        fixed: Widths at which further groups are left, by name of the group.
    """
    groups = {name for parts in _forms_of(node, forms) for name, _ in parts}
    if len(groups) <= _MOST_GROUPS:
        return vary_each_group(node, forms, choices)
    return vary_sum(node, forms, choices, fixed)


def vary_each_group(node: Node, forms: AxisForms, choices: Choices) -> Variants:
    """An operator at all combinations of its groups' widths."""
    groups = tuple(sorted({name for parts in _forms_of(node, forms) for name, _ in parts}))
    return Variants(
        groups=groups,
        specs=tuple(
            prune_node(node, ShapesAtWidths(forms, dict(zip(groups, widths, strict=True)))).spec
            for widths in product(*(choices[name] for name in groups))
        ),
        shape=tuple(len(choices[name]) for name in groups),
    )


def vary_sum(
    node: Node, forms: AxisForms, choices: Choices, fixed: Mapping[str, int]
) -> SumVariants:
    """An operator at sums of the widths of the groups on its longest axis, and of one more group.

    Args:
        node: The operator in its graph.
        forms: Lengths of the network's axes.
        choices: Widths to choose from, by name of the group.
        fixed: Widths at which further groups are left, by name of the group.
    """
    every = sorted(_forms_of(node, forms), key=lambda parts: (len(parts), parts))
    longest = every[-1]
    inside = {name for name, _ in longest}
    others = sorted({name for parts in every for name, _ in parts} - inside)
    output = others[0] if len(others) == 1 else None
    least = sum(times * min(choices[name]) for name, times in longest)
    most = sum(times * max(choices[name]) for name, times in longest)
    totals = tuple(sorted({round(total) for total in np.linspace(least, most, _TOTALS)}))
    rest = {} if output else {name: fixed[name] for name in others}
    specs = [
        prune_node(
            node, ShapesAtWidths(forms, {**_share_width(longest, choices, total), **more, **rest})
        ).spec
        for total in totals
        for more in _outputs(output, choices)
    ]
    return SumVariants(
        parts=longest,
        totals=totals,
        output=output,
        specs=tuple(specs),
        fixed=() if output else tuple(others),
    )


def _outputs(output: str | None, choices: Choices) -> Iterator[dict[str, int]]:
    if output is None:
        yield {}
    else:
        for width in choices[output]:
            yield {output: width}


def _share_width(
    parts: tuple[tuple[str, int], ...], choices: Choices, total: int
) -> dict[str, int]:
    """Widths with about a given sum: the same share of each group, then rounded up one by one."""
    full = sum(times * max(choices[name]) for name, times in parts)
    widths = {name: max(1, int(max(choices[name]) * total / full)) for name, _ in parts}
    lacking = total - sum(times * widths[name] for name, times in parts)
    for name, times in parts:
        room = max(choices[name]) - widths[name]
        more = min(room, lacking // times)
        widths[name] += more
        lacking -= more * times
    return widths
