"""Soaks of a deployment: many runs of each variant with other inputs, and what memory does."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.verdict import estimate_growth
from edgeslim.errors import ProgramError, RunnerError
from edgeslim.measuring.networks import MeasuredNetworks
from edgeslim.measuring.starts import MeasuredSoak, measure_soak
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.start_records import SoakRecord
from edgeslim.sizes import MB_OF_KIB

__all__ = ["measure_soaks", "soak_record"]


def measure_soaks(
    model: ModelUnderTest,
    runs: int | None,
    measured: MeasuredNetworks,
    progress: Progress = SILENT,
) -> tuple[Mapping[str, SoakRecord], tuple[str, ...]]:
    """Soaks all variants of a model; returns records by their ids, and why some lack one.

    Args:
        model: The model with the variants that are soaked, not its baseline.
        runs: Number of runs of each; None for no soak.
        measured: Latencies of the variants.
        progress: Display that shows the progress.

    Raises:
        LinkError: The device was lost for good.
    """
    found: dict[str, SoakRecord] = {}
    troubles: list[str] = []
    if runs is None:
        return found, ()
    with progress.stage("soak", len(model.variants)) as stage:
        for variant, network in zip(model.variants, model.networks, strict=True):
            latency_ms = measured.measurements[variant.id].latency_ms
            try:
                soak = measure_soak(variant.session, network, runs=runs, latency_ms=latency_ms)
            except (ProgramError, RunnerError) as error:
                troubles.append(f"the soak of {variant.id} over {runs:,} runs failed: {error}")
            else:
                found[variant.id] = soak_record(soak)
            stage.advance()
    grown = [
        f"the process of {name} grows by {soak.growth_kb:.1f} kB in each run: it leaks memory"
        for name, soak in found.items()
        if soak.grows
    ]
    return found, (*troubles, *grown)


def soak_record(soak: MeasuredSoak) -> SoakRecord:
    """The record of a soak, with how much the process grows from run to run."""
    sizes_mb = tuple(size * MB_OF_KIB for size in soak.sizes_kb)
    growth = estimate_growth([size * 1e3 for size in sizes_mb], soak.runs)
    return SoakRecord(
        runs=soak.runs,
        memory_mb=sizes_mb,
        first_peak_mb=soak.first_peak_kb * MB_OF_KIB,
        peak_mb=soak.peak_kb * MB_OF_KIB,
        growth_kb=None if growth is None else growth.kb,
        growth_interval_kb=None if growth is None else growth.interval_kb,
    )
