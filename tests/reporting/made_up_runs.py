"""Folders of runs that nobody made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgeslim.compression.compress import Compression
from edgeslim.files import write_json
from edgeslim.latency_rows import NetworkRow
from edgeslim.runs.candidates import Candidate, pareto_front
from edgeslim.runs.checkpoint import EpochRecord
from edgeslim.runs.deployment_history import append_record
from edgeslim.runs.deployment_records import (
    AccuracyRecord,
    DeploymentRecord,
    SpeedupRecord,
    TableRecord,
)
from edgeslim.runs.pruning_result import PrunedGroup, Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import RunFolder, SearchDescription, SearchResult
from edgeslim.runs.search_settings import LatencyTarget, SearchSettings
from edgeslim.runs.sensitivity_file import SensitivityFile
from edgeslim.runs.sensitivity_rows import SensitivityContext, point_of
from tests.deployment.made_up_records import made_up_record
from tests.values import CONTEXT, chain, convolution, relu, row, table_at, timed

NASTY = (
    "<script>alert(1)</script>",
    '"onload="alert(2)',
    "</script><img src=x onerror=alert(3)>",
    "'-->]]><svg/onload=alert(4)>",
    "{{ 7 * 7 }}{% raw %}",
    "模型 检测 №1",
    "\u202eback\x00\x1b[31m",
)
"""Names that are no names."""


def deployment(**fields: Any) -> DeploymentRecord:
    """A deployment with a limit that is met, a prediction, and a ratio to its baseline."""
    record = made_up_record(rounds=4, samples=12)
    model = msgspec.structs.replace(
        record.models[0],
        predicted_ms=1.5,
        predicted_interval_ms=(1.4, 1.7),
        latency_interval_ms=(1.55, 1.65),
        target_ms=2.0,
        met=True,
        fastest=True,
    )
    given: dict[str, Any] = {
        "models": (model, *record.models[1:]),
        "speedups": (
            SpeedupRecord(
                model=model.id,
                baseline=record.models[1].id,
                ratio=1.25,
                interval=(1.22, 1.28),
                level=0.95,
                rounds=4,
                method="in turns",
            ),
        ),
        "accuracy": AccuracyRecord(metric="top1", value=0.75, before=0.77),
        "reasons": ("one operator was interpolated",),
        "table": TableRecord(
            path="gone.jsonl", digest="0" * 16, context=CONTEXT, operators=2, networks=0
        ),
    }
    return msgspec.structs.replace(record, **{**given, **fields})


def deployed(path: Path, *records: DeploymentRecord) -> Path:
    """A folder of deployments."""
    path.mkdir(parents=True, exist_ok=True)
    for record in records or (deployment(),):
        append_record(path / "deployments.jsonl", record)
    return path


def _settings(target: LatencyTarget, **fields: Any) -> SearchSettings:
    return SearchSettings(
        **{
            "space": "light-nas-small",
            "space_fingerprint": "",
            "task": "digits",
            "input_shape": (1, 1, 32, 32),
            "num_classes": 10,
            "targets": (target,),
            "confidence": 0.8,
            "algorithm": "surrogate",
            "starts": (),
            "candidates": 5,
            "most_candidates": 9,
            "parallel": 1,
            "accuracy": "training",
            "epochs": 2,
            "seed": 0,
            **fields,
        }
    )


def search(path: Path, **fields: Any) -> Path:
    """A search of five networks with its table."""
    path.mkdir(parents=True, exist_ok=True)
    specs = [convolution(3, width) for width in (8, 16, 24, 32)]
    table = table_at(
        RunFolder(path).table(),
        *(row(spec, 0.1 * number, 0.2 * number) for number, spec in enumerate(specs, 1)),
        *(row(relu(spec.output_shape[1], 8), 0.01, 0.01) for spec in specs),
        *(
            NetworkRow(
                name=f"net{number}",
                graph=chain(spec, relu(spec.output_shape[1], 8)),
                measurements=(timed(0.12 * number),),
            )
            for number, spec in enumerate(specs, 1)
        ),
    )
    target = LatencyTarget(device="host", target_ms=0.3, table=table.digest)
    settings = _settings(target, **fields)
    judged = [
        Candidate(
            number=number,
            tokens=(number, 0),
            accuracy=0.7 + 0.05 * number,
            predicted_ms=(0.1 + 0.05 * number,),
            measured_ms=(0.11 + 0.05 * number if number == 3 else None,),
        )
        for number in range(4)
    ]
    fell = Candidate(number=4, tokens=(9, 9), accuracy=0.0, predicted_ms=(0.2,), failed="it fell")
    candidates = (*judged, fell)
    run = RunFolder(path)
    write_json(run.description_file, SearchDescription(settings=settings, study="s"))
    run.finish(
        SearchResult(
            run=str(path),
            targets=(target,),
            candidates=candidates,
            front=pareto_front(judged),
            best=candidates[3],
            model=str(run.model),
            trained_accuracy=0.84,
        )
    )
    return path


def pruning(path: Path, name: str = "group") -> Path:
    """A pruning of two groups with their sensitivities."""
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / "pruning.json", PruneSettings(model="net", target_macs="-50%", task="digits"))
    groups = tuple(
        PrunedGroup(name=f"{name}{number}", producers=(f"w{number}",), before=16, after=8 - number)
        for number in range(2)
    )
    write_json(
        path / "result.json",
        Pruning(
            model=str(path),
            macs_before=1000,
            macs_after=500,
            parameters_before=400,
            parameters_after=200,
            groups=groups,
            metric="accuracy",
            metric_before=0.9,
            metric_pruned=0.5,
            metric_after=0.88,
        ),
    )
    context = SensitivityContext(
        model="m",
        task="digits",
        metric="accuracy",
        criterion="l1",
        input_shape=(1, 1, 8, 8),
        share=1.0,
        seed=0,
        examples=100,
        data="d",
        baseline=0.9,
    )
    file = SensitivityFile.begin(path / "steps" / "1" / "sensitivities.jsonl", context)
    for group in groups:
        for ratio in (0.25, 0.5):
            metric = 0.9 - ratio * 0.4
            file.add(point_of(group.name, ratio, channels=16, metric=metric, baseline=0.9))
    return path


def compression(path: Path) -> Path:
    """A compression of three epochs."""
    path.mkdir(parents=True, exist_ok=True)
    history = tuple(
        EpochRecord(
            epoch=number,
            loss=1.0 / (number + 1),
            metrics={"accuracy": 0.8 + 0.05 * number},
            learning_rate=0.01,
            events=("q: quantized",) if number == 1 else (),
        )
        for number in range(3)
    )
    write_json(
        path / "result.json",
        Compression(
            model=str(path),
            checkpoints=str(path / "checkpoints"),
            task="digits",
            metrics=history[-1].metrics,
            history=history,
        ),
    )
    return path
