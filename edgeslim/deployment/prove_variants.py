"""Proofs of variants on their device: by the road of conversion that is right."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.deployment.claims import ProofBy
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.proving import prove_optimized, prove_running, truth_for
from edgeslim.deployment.variants import ModelVariant, engine_of, failed_variant
from edgeslim.errors import ModelError, ProgramError, RunnerError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import LOCAL
from edgeslim.runs.deployment_records import FailedRecord

__all__ = ["prove_variants"]

_log = logging.getLogger(__name__)


def prove_variants(
    variants: Sequence[ModelVariant], folder: Path
) -> tuple[list[tuple[ModelVariant, OutputDifference]], list[FailedRecord]]:
    """Proves variants on the device; returns how far each is from Paddle, and those that failed.

    Raises:
        RunnerError, ProgramError, ModelError: None of them runs right.
    """
    truths = {
        model.prefix: truth_for(model, [variant.precision for variant in variants])
        for model in {variant.model.prefix: variant.model for variant in variants}.values()
    }
    meant: dict[Path, _ProvedFile] = {}
    right: list[tuple[ModelVariant, OutputDifference]] = []
    failed: list[FailedRecord] = []
    for variant in variants:
        truth = truths[variant.model.prefix]
        try:
            right.append(_prove_by_some_road(variant, truth, meant, folder))
        except (ModelError, ProgramError, RunnerError) as error:
            if len(failed) + 1 == len(variants):
                raise
            session = variant.session
            threads = session.execution.threads
            failed.append(
                failed_variant(variant.model, variant.precision, threads, error, session.engine)
            )
    return right, failed


def _prove_by_some_road(
    variant: ModelVariant, truth: GroundTruth, meant: dict[Path, _ProvedFile], folder: Path
) -> tuple[ModelVariant, OutputDifference]:
    """Proves a variant, or the same model by another road; raises with the first reason."""
    engine = engine_of(variant.session)
    behind = engine.roads[engine.roads.index(variant.road) + 1 :] if variant.road else ()
    try:
        return _prove_variant(variant, truth, meant, folder, is_explained=not behind)
    except (ModelError, ProgramError, RunnerError):
        if not behind:
            raise
    for road in behind:
        place = variant.session.place(variant.precision)
        elsewhere = folder / f"road{engine.roads.index(road)}"
        try:
            file = engine.convert(variant.model, place, elsewhere, road)
            other = replace(variant, file=file, road=road)
            return _prove_variant(other, truth, meant, folder, is_explained=False)
        except (ModelError, ProgramError, RunnerError) as error:
            _log.debug("the road by %s leads nowhere either: %s", road.title, error)
    return _prove_variant(variant, truth, meant, folder)  # which says why it fails


def _prove_variant(
    variant: ModelVariant,
    truth: GroundTruth,
    meant: dict[Path, _ProvedFile],
    folder: Path,
    *,
    is_explained: bool = True,
) -> tuple[ModelVariant, OutputDifference]:
    if variant.file.path not in meant:
        meant[variant.file.path] = _prove_file(variant, truth)
    known = meant[variant.file.path]
    claim = replace(variant.claim, rounding=known.rounding, is_explained=is_explained)
    difference = prove_running(variant.session, claim, truth, folder)
    return replace(variant, proved_by=known.by, without_meaning=known.unknown), difference


@dataclass(frozen=True, kw_only=True, slots=True)
class _ProvedFile:
    """The proof of a file before a device runs it.

    Args:
        by: Names of the proofs, the device included.
        unknown: Its operators that cannot be computed in Paddle.
        rounding: In fp16, how far rounding alone takes its outputs from Paddle's.
    """

    by: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    rounding: OutputDifference | None = None


def _prove_file(variant: ModelVariant, truth: GroundTruth) -> _ProvedFile:
    """Proves the optimizer's work before a file runs on another machine.

    On this machine running the file is as quick, so nothing is proved beforehand.

    Raises:
        ModelError: The file computes something else.
    """
    if variant.session.profile.transport == LOCAL or not engine_of(variant.session).explains:
        return _ProvedFile(by=(ProofBy.DEVICE,))
    meant = prove_optimized(variant.claim, truth)
    if isinstance(meant, tuple):
        return _ProvedFile(by=(ProofBy.DEVICE,), unknown=meant)
    rounding = meant if variant.precision is Precision.FP16 else None
    return _ProvedFile(by=(ProofBy.INTERPRETER, ProofBy.DEVICE), rounding=rounding)
