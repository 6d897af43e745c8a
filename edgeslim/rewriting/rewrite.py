"""A model in the equivalent form that a device is predicted to run fastest."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeslim.conversion.model_inputs import make_noise
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.errors import ModelError, UsageError
from edgeslim.execution import Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.graph import Graph
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.quantized_program import is_quantized
from edgeslim.progress import SILENT, Progress
from edgeslim.rewriting.choose import Taken, choose_forms
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.prices import Measure, Prices
from edgeslim.rewriting.proof import OutputAgreement, compare_in_paddle

__all__ = ["Rewriting", "rewrite_model"]

_log = logging.getLogger(__name__)

_INPUTS = 2
"""How many inputs of noise both models are compared with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewriting:
    """What choosing among the forms of a model came to.

    Args:
        model: The rewritten model, prepared; None if it stays as it is.
        taken: Forms that were taken.
        before: Fused operators of the model as it was.
        after: Fused operators of the model as it is now.
        agreement: How far its outputs are from those of the model before.
        unknown: Operators of other forms without a price, which were therefore not taken.
        dropped: Equivalences that were left out since outputs differed too much with them.
        reason: Why the model stays as it is; empty if it does not.
        chosen_s: Seconds of one processor that choosing took, without measuring operators.
    """

    model: PreparedModel | None
    taken: tuple[Taken, ...] = ()
    before: Graph
    after: Graph
    agreement: OutputAgreement | None = None
    unknown: tuple[OpSpec, ...] = ()
    dropped: tuple[str, ...] = ()
    reason: str = ""
    chosen_s: float = 0.0


def rewrite_model(
    model: PreparedModel,
    target: Target,
    table: LatencyTable,
    folder: Path,
    *,
    measure: Measure | None = None,
    least_share: float = 0.0,
    progress: Progress = SILENT,
) -> Rewriting:
    """Rewrites a model to the equivalent form that a table says is fastest, and proves it.

    Args:
        model: The model as it was prepared.
        target: Kind of processor that it is converted for.
        table: Latency table of the device.
        folder: Folder that the files of the rewritten model are written to.
        measure: Measures operators that the table lacks; without it, forms with such operators
            are not taken.
        least_share: Share of the model's latency that forms must be predicted to save together;
            with less it stays as it is.
        progress: Display that shows the progress.

    Raises:
        UsageError: The table has operators before any fusion.
        ProgramError, ModelError: The model does not convert.
    """
    if table.context.convention is Convention.UNFUSED:
        raise UsageError(
            f"{table.path} has operators before any fusion, which say nothing about forms; "
            "measure a table with edgeslim profile"
        )
    before = fused_graph(model, target)
    unchanged = Rewriting(model=None, before=before, after=before)
    if is_quantized(read_program(model.prefix.with_suffix(".pdmodel"))):
        reason = "it is quantized, and other forms would need scales of their own"
        return replace(unchanged, reason=reason)
    prices = Prices(table, before.specs, measure)
    prices.find(before.specs)
    dropped: list[str] = []
    chosen_s = 0.0
    while True:
        network = Network.read(model.prefix)
        start, measured_s = time.thread_time(), prices.measured_s
        taken = choose_forms(network, target, prices, without=dropped, progress=progress)
        chosen_s += time.thread_time() - start - (prices.measured_s - measured_s)
        known = replace(
            unchanged,
            unknown=tuple(prices.unknown_operators),
            dropped=tuple(dropped),
            chosen_s=chosen_s,
        )
        if not taken:
            return replace(known, reason="no other form is predicted to be faster")
        saved = [one.saves_ms for one in taken]
        # What costs by itself was taken since it saves with others, which the sum does not know.
        if min(saved) >= 0 and sum(saved) < least_share * prices.total_ms:
            reason = f"other forms are predicted to save less than {least_share:.0%}"
            return replace(known, reason=reason)
        found = _try(model, network, target, folder / str(len(dropped)), known)
        if found is not None:
            return replace(found, taken=tuple(taken))
        worst = _least_saving(taken)
        _log.warning("%s: the equivalence %s is left out, since it fails here", model.name, worst)
        dropped.append(worst)


def _try(
    model: PreparedModel, network: Network, target: Target, folder: Path, known: Rewriting
) -> Rewriting | None:
    """A rewritten network as a model that is proved and converts; None if it is not.

    Args:
        model: The model as it was prepared.
        network: The model's network in other forms.
        target: Kind of processor that it is converted for.
        folder: Folder that its files are written to.
        known: What is known of the rewriting besides.
    """
    agreement = _prove(model, network, folder)
    if agreement is None or not agreement.is_accepted:
        return None
    made, after = _prepare_again(model, target, folder)
    return None if made is None else replace(known, model=made, after=after, agreement=agreement)


def _least_saving(taken: Sequence[Taken]) -> str:
    """The equivalence that is given up first."""
    names = {one.equivalence for one in taken}
    saved = {name: sum(one.saves_ms for one in taken if one.equivalence == name) for name in names}
    return min(sorted(saved), key=lambda name: saved[name])


def _prove(model: PreparedModel, network: Network, folder: Path) -> OutputAgreement | None:
    """Writes a rewritten network, and compares it with the model; None if Paddle cannot run it."""
    new_folder(folder)
    prefix = folder / "model"
    network.write(prefix)
    draw = np.random.default_rng(0)
    inputs = (
        [make_noise(model.graph, draw) for _ in range(_INPUTS)]
        if model.given is None
        else [dict(model.given.arrays)]
    )
    with temporary_folder() as scratch:
        try:
            return compare_in_paddle(model.prefix, prefix, inputs, scratch)
        except ModelError as error:
            _log.debug("%s", error)
            return None


def _prepare_again(
    model: PreparedModel, target: Target, folder: Path
) -> tuple[PreparedModel | None, Graph]:
    """The rewritten model, prepared, and its fused operators; None if it does not convert."""
    try:
        made = prepare(
            SavedModel.at(folder / "model", name=model.name),
            folder / "prepared",
            inputs=None if model.given is None else model.given.without_name,
        )
        return made, fused_graph(made, target)
    except ModelError as error:
        _log.debug("%s", error)
        return None, model.graph
