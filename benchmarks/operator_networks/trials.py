"""Cases through edgeslim's own road, and what came of them."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim import process
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.errors import EdgeslimError, ProgramAbortedError, ProgramCrashedError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.lite.converter import Conversion, convert
from edgeslim.paddle_io.export import trace_plainly
from edgeslim.paddle_io.proto import read_program
from operator_networks.case import Case
from operator_networks.judging import Judgement, judge
from operator_networks.network import build, inputs_of
from operator_networks.toolkit import paddle

__all__ = ["GOOD", "Tried", "try_cases"]

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Sequence[Array]]

GOOD = ("proved",)
"""Ends that are what is wanted."""

_RUNTIME = Path(__file__).with_name("runtime.py")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What came of one case on one target.

    Args:
        status: ``proved``; ``near``, another function within a thousandth; ``wrong``, written
            though it computes something else; ``converted``, and nobody can say more;
            ``refused`` and ``aborted`` by name; ``refused unnamed``, ``aborted unnamed``.
        message: The error, or what is wrong.
    """

    status: str
    message: str = ""
    worst: float = 0.0
    share: float = 0.0
    inputs: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class _Trial:
    """A case on its way."""

    case: Case
    truths: Outputs
    inputs: Mapping[str, Array]
    kinds: tuple[str, ...] = ()
    prepared: PreparedModel | None = None
    error: EdgeslimError | None = None


def try_cases(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """A record of each case: its line, what was rewritten, and how it ended for each target."""
    started = time.monotonic()
    with temporary_folder() as folder:
        trials = [_prepared(case, folder / str(place)) for place, case in enumerate(cases)]
        ready = [trial for trial in trials if trial.prepared is not None]
        conversions = [
            Conversion(
                model=trial.prepared.program,
                parameters=trial.prepared.parameters,
                target=target,
                output=folder / f"{place}.{target.value}",
            )
            for place, trial in enumerate(ready)
            for target in Target
            if trial.prepared is not None
        ]
        errors = iter([converted.error for converted in convert(conversions)])
        outcomes = [{target: next(errors) for target in Target} for _ in ready]
        files = {
            place: folder / f"{place}.{Target.X86.value}.nb"
            for place, outcome in enumerate(outcomes)
            if outcome[Target.X86] is None
        }
        computed = _computed(files, ready, folder)
        ends = {
            id(trial): {
                target: _end(trial, outcomes[place][target], computed.get(place), target)
                for target in Target
            }
            for place, trial in enumerate(ready)
        }
        seconds = (time.monotonic() - started) / max(1, len(cases))
        for trial in trials:
            if trial.error is not None:
                end = _failed(trial, trial.error)
                end_of = dict.fromkeys(Target, end)
            else:
                end_of = ends[id(trial)]
            yield {
                "case": json.loads(trial.case.line),
                "kinds": list(trial.kinds),
                "changes": list(trial.prepared.changes) if trial.prepared else [],
                **{target.value: asdict(end_of[target]) for target in Target},
                "seconds": round(seconds, 2),
            }


def _prepared(case: Case, folder: Path) -> _Trial:
    """A case built, computed in dynamic mode, saved and rewritten."""
    net = build(case)
    inputs = inputs_of(case)
    truths = {name: _flat(net(paddle.to_tensor(value))) for name, value in inputs.items()}
    trial = _Trial(case=case, truths=truths, inputs=inputs)
    trace_plainly(net)
    try:
        trial.prepared = prepare_layer(net, case.shape, folder, name="network")
    except EdgeslimError as error:
        trial.error = error
    saved = folder / "model.pdmodel"
    if saved.exists():
        plumbing = {"feed", "fetch"}
        ops = [op.type for block in read_program(saved).blocks for op in block.ops]
        trial.kinds = tuple(kind for kind in ops if kind not in plumbing)
    return trial


def _flat(result: Any) -> list[Array]:
    return [each.numpy() for each in (result if isinstance(result, list | tuple) else [result])]


def _computed(
    files: Mapping[int, Path], trials: Sequence[_Trial], folder: Path
) -> dict[int, Outputs | int]:
    """The outputs of models on this machine by the trial's place, or how their process ended."""
    jobs = []
    for place, file in files.items():
        np.savez(folder / f"{place}.inputs.npz", **trials[place].inputs)
        jobs.append(
            {
                "id": place,
                "model": str(file),
                "inputs": str(folder / f"{place}.inputs.npz"),
                "outputs": str(folder / f"{place}.outputs.npz"),
            }
        )
    listed = folder / "jobs.jsonl"
    listed.write_text("\n".join(json.dumps(job) for job in jobs))
    completed = process.run(
        [sys.executable, "-I", str(_RUNTIME), str(listed)], timeout_s=60.0 + 60.0 * len(jobs)
    )
    lines = [line for line in completed.output.splitlines() if line.startswith(b'{"job"')]
    statuses = {each["job"]: each["status"] for each in map(json.loads, lines)}
    return {
        place: _read(folder / f"{place}.outputs.npz")
        if statuses.get(place) == 0
        else statuses.get(place, -1)
        for place in files
    }


def _read(path: Path) -> Outputs:
    outputs: dict[str, list[Array]] = {}
    with np.load(path, allow_pickle=False) as stored:
        for key in stored.files:
            outputs.setdefault(key.rpartition("/")[0], []).append(stored[key])
    return outputs


def _end(
    trial: _Trial, error: EdgeslimError | None, computed: Outputs | int | None, target: Target
) -> Tried:
    if error is not None:
        return _failed(trial, error)
    if target is not Target.X86:
        return Tried(status="converted")
    if not isinstance(computed, Mapping):
        return Tried(status="aborted unnamed", message=f"the runtime ended with {computed}")
    return _judged(judge(trial.truths, computed))


def _judged(judgement: Judgement) -> Tried:
    status = "proved" if judgement.right else "near" if judgement.near else "wrong"
    return Tried(
        status=status,
        message=judgement.reason,
        worst=judgement.worst,
        share=judgement.share,
        inputs=judgement.inputs,
    )


def _failed(trial: _Trial, error: EdgeslimError) -> Tried:
    died = isinstance(error, ProgramAbortedError | ProgramCrashedError)
    named = "" if _is_named(trial, str(error)) else " unnamed"
    return Tried(status=("aborted" if died else "refused") + named, message=str(error))


def _is_named(trial: _Trial, message: str) -> bool:
    """Whether a message has the name of an operator of the network."""
    own = re.split(r"[ ,]", trial.case.operator)[0]
    return any(
        re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", message)
        for name in (*trial.kinds, own)
    )
