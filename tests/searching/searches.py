"""Settings, candidates and limits of searches that tests are about."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import LatencyTarget, SearchSettings
from edgeslim.searching.limits import SearchLimits, SizeLimit
from edgeslim.searching.run_limits import make_limits
from edgeslim.spaces import Tokens
from tests.searching.made_up import small_space

SPACE = small_space()
SETTINGS = SearchSettings(
    space=SPACE.name,
    space_fingerprint="0123456789abcdef",
    input_shape=SPACE.input_shape,
    num_classes=SPACE.num_classes,
    task="digits",
    targets=(LatencyTarget(device="host", target_ms=1.0, table="t"),),
    confidence=0.5,
    algorithm="random",
    starts=(SPACE.initial_tokens,),
    candidates=8,
    most_candidates=16,
    parallel=1,
    accuracy="training",
    epochs=1,
    seed=0,
)


def settings(**changed: Any) -> SearchSettings:
    """The settings above with some of them changed."""
    return replace(SETTINGS, **changed)


def targets(*targets_ms: float, measurable: bool = True) -> tuple[LatencyTarget, ...]:
    """Limits on devices called ``device0`` and so on."""
    return tuple(
        LatencyTarget(device=f"device{n}", target_ms=each, table=f"t{n}", measurable=measurable)
        for n, each in enumerate(targets_ms)
    )


def candidate(number: int = 0, tokens: Tokens = (0,), **more: Any) -> Candidate:
    """A candidate, by default half right and predicted to take 0.2 ms."""
    return Candidate(
        **{
            "number": number,
            "tokens": tokens,
            "accuracy": 0.5,
            "predicted_ms": (0.2,),
            **more,
        }
    )


def result_in(folder: Path) -> SearchResult:
    """What a search of two candidates found, in a folder."""
    best = candidate(1, (1, 2), measured_ms=(0.19,))
    return SearchResult(
        run=str(folder),
        targets=SETTINGS.targets,
        candidates=(candidate(0, (1, 3)), best),
        front=(best,),
        best=best,
        model=str(folder / "model"),
        trained_accuracy=0.5,
    )


def limits_of(
    *tables: LatencyTable,
    targets_ms: tuple[float, ...],
    confidence: float = 0.5,
    **sizes: int,
) -> SearchLimits:
    """Limits of the small space by tables, each of which is read once."""
    known = limits_by(*(table.path for table in tables))
    others = {
        "max_macs": "macs",
        "max_paddleslim1_flops": "paddleslim1-flops",
        "max_parameters": "parameters",
        "max_bytes": "bytes",
    }
    return replace(
        known,
        latencies=tuple(
            replace(limit, target_ms=target_ms, confidence=confidence)
            for limit, target_ms in zip(known.latencies, targets_ms, strict=True)
        ),
        size_limits=tuple(
            SizeLimit(what=others[name], sizes=known.sizes, target=most)
            for name, most in sizes.items()
        ),
    )


@cache
def limits_by(*paths: Path) -> SearchLimits:
    """Limits of a millisecond."""
    wanted = settings(targets=targets(*[1.0] * len(paths)))
    return make_limits(wanted, SPACE, [Predictor(LatencyTable.read(path)) for path in paths])
