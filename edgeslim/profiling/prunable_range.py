"""Operators of a model as it is and as pruning may leave it, with their weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeslim.channels.fused import channels_of_fused
from edgeslim.channels.groups import Channels
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.channels.sizes import AxisForms
from edgeslim.channels.variants import vary_widths
from edgeslim.channels.widths import width_choices
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors, write_pruned
from edgeslim.graph import Graph
from edgeslim.opspec import OpSpec

__all__ = ["EVEN_VERSIONS", "prunable_operators", "write_pruned_versions"]

_SHARES = (0.75, 0.5, 0.25)
"""Shares of all channels that are kept in networks that are narrowed uniformly."""

EVEN_VERSIONS = len(_SHARES)
"""Number of pruned versions, the first ones, that are narrowed uniformly."""

_UNLIKE = 4
"""Number of networks narrowed at random, each group to between an eighth and all."""


def prunable_operators(graph: Graph, channels: Channels, *, widths: int = 8) -> dict[OpSpec, float]:
    """A model's operators at their own widths and at those that pruning can leave.

    Each operator has a weight of 1 at its own widths, and another 1 spread over all widths.

    Args:
        graph: Graph of the fused network.
        channels: Channel groups of the network before fusion.
        widths: Largest number of widths of each channel group, from an eighth of its own.
    """
    forms = AxisForms(channels_of_fused(graph, channels))
    choices = {name: width_choices(own, widths) for name, own in forms.full.items()}
    uses: dict[OpSpec, float] = {}
    for node in graph.nodes:
        found = vary_widths(node, forms, choices, forms.full)
        different = list(dict.fromkeys((node.spec, *found.specs)))
        for spec in different:
            own = spec == node.spec
            uses[spec] = uses.get(spec, 0.0) + own + 1 / len(different)
    return uses


def write_pruned_versions(
    model: PreparedModel, channels: Channels, folder: Path, *, seed: int = 0
) -> list[PreparedModel]:
    """Writes networks that pruning may make of a model: narrowed uniformly, and at random.

    Args:
        model: The model as it was prepared.
        channels: Channel groups of the model.
        folder: Folder that the networks are written to.
        seed: Seed of the random networks.
    """
    if not channels.groups:
        return []
    generator = np.random.default_rng(seed)
    shares = {f"kept-{share:.0%}": np.full(len(channels.groups), share) for share in _SHARES}
    for number in range(1, _UNLIKE + 1):
        shares[f"random-{seed}.{number}"] = generator.uniform(0.125, 1.0, len(channels.groups))
    tensors = model_tensors(model)
    made = []
    for what, kept in shares.items():
        name = f"{model.name}-{what.replace('%', '')}"
        widths = {
            group.name: _nearest(width_choices(group.width, 16), group.width * share)
            for group, share in zip(channels.groups, kept.tolist(), strict=True)
        }
        prefix = folder / f"{name}-saved" / name
        selection = Selection(channels, keep_first(widths))
        saved = write_pruned(model, selection, prefix, tensors=tensors)
        made.append(prepare(saved, folder / name))
    return made


def _nearest(choices: tuple[int, ...], wanted: float) -> int:
    return min(choices, key=lambda width: abs(width - wanted))
