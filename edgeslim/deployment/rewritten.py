"""A model in another form of the same function: its record, and the faster of both as measured."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.decide import Measured
from edgeslim.deployment.models_under_test import ModelUnderTest, model_under_test
from edgeslim.deployment.recording import model_record
from edgeslim.deployment.speedup import speedup_of
from edgeslim.deployment.variants import TablePredictions
from edgeslim.durations import now
from edgeslim.engines import DEFAULT
from edgeslim.errors import BadFileError, EdgeslimError
from edgeslim.execution import Precision
from edgeslim.files import new_folder
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measuring.networks import MeasuredNetworks
from edgeslim.paddle_io.quantized_program import is_quantized
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.profile import default_table
from edgeslim.progress import SILENT, Progress
from edgeslim.rewriting.advice import advice_lines, kind_records
from edgeslim.rewriting.choose import Taken
from edgeslim.rewriting.network import Network
from edgeslim.rewriting.prices import Prices
from edgeslim.rewriting.rewrite import Rewriting, rewrite_model
from edgeslim.rewriting.sites import find_sites
from edgeslim.runs.rewriting_record import RewritingRecord, TakenRecord

__all__ = ["FormUnderTest", "find_other_form", "find_table", "judge_form", "predicted_record"]

_log = logging.getLogger(__name__)

_LEAST_SHARE = 0.02
"""Share of the latency that a form must be predicted to save, to be worth its measurement."""

_RARELY = ("hard-swish-by-clip", "means-by-pooling", "mish-by-sigmoid", "sigmoid-by-tanh")
"""Equivalences that save nothing on the devices that were seen, which are no reason for a hint."""

_SLOWER = "it was not measured to be faster, beyond what such measurements differ by"


@dataclass(frozen=True, kw_only=True, slots=True)
class FormUnderTest:
    """What is known of other forms of a model before they are measured.

    Args:
        record: What was chosen, as predicted; None if that was not looked at.
        subject: The model in its other form, to be measured beside the one as it came; None if
            there is no form that is predicted to be faster.
    """

    record: RewritingRecord | None = None
    subject: ModelUnderTest | None = None

    def choose(
        self, model: ModelUnderTest, measured: MeasuredNetworks, known: TablePredictions
    ) -> tuple[ModelUnderTest, RewritingRecord | None]:
        """The form that goes out, by what both were measured to take in the same rounds.

        Args:
            model: The model as it came.
            measured: Samples of both forms, taken in the same rounds.
            known: Predictions by the table.
        """
        if self.record is None or self.subject is None:
            return model, self.record
        record = judge_form(self.record, model, self.subject, measured, known)
        return self.subject if record.kept else model, record


def find_other_form(
    model: ModelUnderTest,
    table: Path | None,
    scratch: Path,
    *,
    progress: Progress = SILENT,
) -> FormUnderTest:
    """The form of a model that a table of the device predicts to be fastest, proved right.

    Nothing is measured here, so forms with operators that the table lacks are not considered.

    Args:
        model: The model as it came.
        table: Latency table that was named; by default that of `edgeslim profile`, if there is
            one.
        scratch: Folder for intermediate files.
        progress: Display that shows the progress.

    Returns:
        Nothing if no table of the device is at hand, or the deployment is of several variants or
        of another precision than 32-bit floats.
    """
    first, *others = model.variants
    session, precision = first.session, first.precision
    if others or precision is not Precision.FP32 or (session.engine or DEFAULT) != DEFAULT:
        return FormUnderTest()
    prepared, known = model.model, find_table(session.context(), table)
    if known is None:
        _hint(prepared, model.source, session.profile.name)
        return FormUnderTest()
    try:
        found = rewrite_model(
            prepared,
            session.execution.target,
            known,
            scratch / "forms",
            least_share=_LEAST_SHARE,
            progress=progress,
        )
        record = predicted_record(prepared, model.source, known, found)
        if found.model is None or not record.kept:
            return FormUnderTest(record=record)
        # The name of the file says which of the two it is.
        called = replace(found.model, name=f"{prepared.name}.rewritten")
        folder = new_folder(scratch / "rewritten")
        subject = model_under_test(called, model.source, [precision], [session], folder)
        return FormUnderTest(record=record, subject=replace(subject, name=model.name))
    except EdgeslimError as error:  # as it came it runs, which is what was asked for
        _log.warning("%s goes out as it came, since it cannot be rewritten: %s", model.name, error)
        return FormUnderTest()


def _hint(prepared: PreparedModel, source: str, device: str) -> None:
    """Says that there are other forms, where no table says which is faster."""
    network = Network.read(prepared.prefix)
    sites = () if is_quantized(network.program()) else find_sites(network, _RARELY)
    if sites:
        _log.warning(
            "%d places of %s have other forms that compute the same; which are faster on %s, "
            "edgeslim optimize %s --device %s finds out",
            *(len(sites), prepared.name, device, source, device),
        )


def find_table(context: TableContext, path: Path | None) -> LatencyTable | None:
    """The table that was named, or that of the device, if it says what forms take here.

    Args:
        context: Device and execution that the table has to be of.
        path: The table that was named, if one was.

    Raises:
        BadFileError: The table that was named is damaged; of one that nobody named, a warning says
            it.
    """
    found = path or default_table(context)
    if not found.exists():
        return None
    try:
        table = LatencyTable.read(found)
    except BadFileError as error:
        if path is not None:
            raise
        _log.warning("no other form of the model was looked for, since %s", error)
        return None
    is_fused = table.context.convention is not Convention.UNFUSED
    return table if is_fused and not table.context.difference(context) else None


def judge_form(
    record: RewritingRecord,
    before: ModelUnderTest,
    after: ModelUnderTest,
    measured: MeasuredNetworks,
    known: TablePredictions,
) -> RewritingRecord:
    """The record with both forms measured: one that is not surely faster is not kept.

    Args:
        record: What was chosen, as predicted.
        before: The model as it came.
        after: The model in its other form.
        measured: Samples of both in the same rounds.
        known: Predictions by the table.
    """
    old, new = (
        model_record(
            *(subject, variant, difference, Measured(networks=measured), known),
            optimized=variant.file.path,
            target_ms=None,
        )
        for subject in (before, after)
        for variant, difference in subject.tried
    )
    speedup = speedup_of(new, old)
    is_faster = speedup is not None and speedup.interval[0] > 1.0
    reason = "" if is_faster else _SLOWER  # whatever was predicted
    return msgspec.structs.replace(
        record,
        kept=not reason,
        reason=reason,
        measured_before_ms=old.latency_ms,
        measured_ms=new.latency_ms,
        speedup=None if speedup is None else speedup.ratio,
        interval=None if speedup is None else speedup.interval,
    )


def predicted_record(
    prepared: PreparedModel, source: str, table: LatencyTable, found: Rewriting, folder: str = ""
) -> RewritingRecord:
    """The record before anything is measured; a form that is predicted to be slower is not kept.

    Args:
        prepared: The model as it was prepared.
        source: The model, as on a command line.
        table: Table that priced the forms.
        found: What choosing came to.
        folder: Folder that the model is written to, if it is.
    """
    predictor = Predictor(table)
    before, after = (predictor.predict(graph.specs) for graph in (found.before, found.after))
    reason = found.reason
    if not reason and after.total_ms >= before.total_ms:
        reason = "the whole is predicted to be no faster"
    return RewritingRecord(
        model=source,
        device=table.context.device,
        table=str(table.path),
        folder=folder or prepared.name,
        kept=not reason,
        reason=reason,
        taken=_taken_records(found.taken),
        predicted_before_ms=before.total_ms,
        predicted_ms=after.total_ms,
        off=None if found.agreement is None else found.agreement.off,
        rounding=None if found.agreement is None else found.agreement.rounding,
        operators=kind_records(before, after),
        unknown=tuple(str(spec) for spec in found.unknown),
        dropped=found.dropped,
        advice=advice_lines(after, Prices(table, found.after.specs)),
        chosen_s=found.chosen_s,
        created=now(),
    )


def _taken_records(taken: Sequence[Taken]) -> tuple[TakenRecord, ...]:
    """Forms by equivalence, those that save most first."""
    grouped: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in taken:
        grouped[one.equivalence, one.form].append(one)
    records = [
        TakenRecord(
            equivalence=equivalence,
            form=form,
            places=tuple(one.place for one in some),
            saves_ms=sum(one.saves_ms for one in some),
        )
        for (equivalence, form), some in grouped.items()
    ]
    return tuple(sorted(records, key=lambda record: -record.saves_ms))
