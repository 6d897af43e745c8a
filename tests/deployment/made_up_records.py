"""Deployments that nobody made: noise like this machine's, round by round."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from edgeslim.execution import PowerMode, Precision, Target
from edgeslim.latency_rows import ConditionsRow
from edgeslim.runs.deployment_records import (
    DeploymentRecord,
    DeviceRecord,
    Known,
    ModelRecord,
    ModelRole,
    ModelRound,
    OperatorRecord,
    RoundRecord,
    VersionsRecord,
)
from tests.values import convolution, relu

ROUND_SD = 0.01
"""Of the logarithm: what a process changes for all its samples."""
DAY_SD = 0.03
"""Of all models of a deployment alike."""
SAMPLE_SD = 0.03


def made_up_rounds(
    generator: np.random.Generator, median_ms: float, rounds: int, samples: int = 30
) -> tuple[ModelRound, ...]:
    """Rounds of one model."""
    return tuple(
        ModelRound(
            round=number,
            samples_ns=tuple(
                int(sample_ns)
                for sample_ns in 1e6
                * median_ms
                * np.exp(
                    generator.normal(0, ROUND_SD) + np.abs(generator.normal(0, SAMPLE_SD, samples))
                )
            ),
            warmup=3,
            reference_ms=0.45,
        )
        for number in range(rounds)
    )


def made_up_model(**fields: Any) -> ModelRecord:
    """A model with everything that is not given."""
    rounds = fields.pop("rounds", None) or made_up_rounds(np.random.default_rng(0), 2.0, 3)
    median_ms = statistics.median(sample for turn in rounds for sample in turn.samples_ns) / 1e6
    given: dict[str, Any] = {
        "id": "net.x86.1",
        "name": "net",
        "role": ModelRole.MODEL,
        "source": "net",
        "precision": Precision.FP32,
        "threads": 1,
        "kernels": ("fp32",),
        "optimized": "deployments/net/net.x86.nb",
        "size_bytes": 1000,
        "sha256": "0" * 64,
        "macs": 4608,
        "parameters": 80,
        "latency_ms": median_ms,
        "spread": 0.02,
        "p90_ms": 1.1 * median_ms,
        "rounds": rounds,
        "operators": (
            OperatorRecord(
                operator=convolution(3, 8), places=(0,), known=Known.MEASURED, latency_ms=1.5
            ),
            OperatorRecord(
                operator=relu(8), places=(1, 2), known=Known.INTERPOLATED, latency_ms=0.2, error=0.1
            ),
        ),
    }
    return ModelRecord(**{**given, **fields})


def made_up_record(
    *,
    seed: int = 0,
    model_ms: float = 1.6,
    baseline_ms: float = 2.0,
    rounds: int = 10,
    samples: int = 30,
    **fields: Any,
) -> DeploymentRecord:
    """A deployment of a model and its baseline."""
    generator = np.random.default_rng(seed)
    day = float(np.exp(generator.normal(0, DAY_SD)))
    ids = ("net.x86.1", "baseline:first.x86.1")
    models = (
        made_up_model(id=ids[0], rounds=made_up_rounds(generator, day * model_ms, rounds, samples)),
        made_up_model(
            id=ids[1],
            name="first",
            source="first",
            role=ModelRole.BASELINE,
            rounds=made_up_rounds(generator, day * baseline_ms, rounds, samples),
        ),
    )
    state = ConditionsRow(temperature_c=41.0, load=0.3, measured="2026-11-26T01:00:00+00:00")
    given: dict[str, Any] = {
        "id": f"20261126-010000-{seed:04x}",
        "created": "2026-11-26T01:00:00+00:00",
        "command": ("edgeslim", "deploy", "net", "--baseline", "first"),
        "model_path": "net",
        "folder": "deployments/net",
        "versions": VersionsRecord(
            edgeslim="0.1.0",
            paddlepaddle="3.3.1",
            paddlelite="2.13rc0",
            numpy="1.26.4",
            python="3.10.13",
            library="v2.13-rc",
            runner="python",
        ),
        "device": DeviceRecord(name="host", target=Target.X86, hardware="a processor, 2 cores"),
        "power_mode": PowerMode.NO_BIND,
        "rounds": tuple(
            RoundRecord(
                number=number,
                start_s=2.0 * number,
                end_s=2.0 * number + 1.8,
                order=(*ids, *ids[::-1]) if number % 2 == 0 else (*ids[::-1], *ids),
                state=state,
            )
            for number in range(rounds)
        ),
        "models": models,
        "state_before": state,
        "state_after": state,
    }
    return DeploymentRecord(**{**given, **fields})
