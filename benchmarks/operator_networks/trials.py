"""Cases through edgeslim's own road, and what came of them.

What edgeslim says is asked of its own functions, with its own inputs. Beside that stands a
judgement that owes it nothing: outputs of the file on the x86 runtime, and for arm what the
operators of the file mean, beside the layer in dynamic mode, for other inputs and with a
stricter rule.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim import process
from edgeslim.conversion.optimized import OptimizedFile, check_place
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.ground_truth import GroundTruth, check_proves, truth_of
from edgeslim.deployment.index_outputs import index_outputs_of
from edgeslim.deployment.judgement import is_acceptable
from edgeslim.deployment.proving import Prover, open_prover, prove_optimized, truth_for
from edgeslim.errors import EdgeslimError, ModelError, ProgramAbortedError, ProgramCrashedError
from edgeslim.execution import Precision, Target
from edgeslim.files import temporary_folder
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.ops import known_kinds
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet, without_meaning
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Place
from operator_networks.case import Case
from operator_networks.catalogue import OPERATORS
from operator_networks.judging import Judgement, judge
from operator_networks.network import build, inputs_of
from operator_networks.toolkit import paddle

__all__ = ["Tried", "try_cases"]

Array = np.ndarray[Any, Any]
Outputs = Mapping[str, Sequence[Array]]

_RUNTIME = Path(__file__).with_name("runtime.py")
_OWN = "edgeslim"
"""Starts the names of edgeslim's own inputs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """What came of one case on one target.

    Args:
        status: ``proved``; ``near``, another function within a thousandth; ``wrong``, written
            though it computes something else; ``asks``, of which edgeslim's own inputs prove
            nothing, so that it wants the user's; ``refused`` and ``aborted`` by name;
            ``refused unnamed``, ``aborted unnamed``.
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
    truth: GroundTruth | None = None
    asks: str = ""
    errors: dict[Target, EdgeslimError | None] = field(default_factory=dict)
    files: dict[Target, Path] = field(default_factory=dict)
    computed: Outputs | None = None

    def claim(self, target: Target) -> Claim:
        """What edgeslim proves of it."""
        assert self.prepared is not None
        path = self.files[target]
        file = OptimizedFile(path=path, facts=read_optimized_model(path))
        return Claim(model=self.prepared, file=file, target=target, precision=Precision.FP32)


def try_cases(cases: Sequence[Case]) -> Iterator[dict[str, Any]]:
    """A record of each case: its line, what was rewritten, and how it ended for each target."""
    started = time.monotonic()
    with temporary_folder() as folder, ExitStack() as stack:
        trials = [_prepared(case, folder / str(place)) for place, case in enumerate(cases)]
        ready = [trial for trial in trials if trial.prepared is not None]
        _convert(ready, folder)
        _compute(ready, folder)
        prover = stack.enter_context(open_prover())
        for trial in trials:
            ends = {target: _end(trial, target, prover, folder) for target in Target}
            yield {
                "case": json.loads(trial.case.line),
                "kinds": list(trial.kinds),
                "changes": list(trial.prepared.changes) if trial.prepared else [],
                **{target.value: asdict(ends[target]) for target in Target},
                "seconds": round((time.monotonic() - started) / len(cases), 2),
            }


def _prepared(case: Case, folder: Path) -> _Trial:
    """A case built, computed in dynamic mode, saved and rewritten."""
    inputs = inputs_of(case)
    try:
        net = build(case)
        truths = {name: _flat(net(paddle.to_tensor(value))) for name, value in inputs.items()}
    except Exception as error:  # noqa: BLE001 - Paddle raises what it likes
        reason = " ".join(str(error).split())[-200:]
        refusal = ModelError(f"Paddle itself does not compute {case.operator} there: {reason}")
        return _Trial(case=case, truths={}, inputs=inputs, error=refusal)
    trial = _Trial(case=case, truths=truths, inputs=inputs)
    try:
        trial.prepared = prepare_layer(net, case.shape, folder, name="network")
        trial.truth = truth_for(trial.prepared, [Precision.FP32])
    except EdgeslimError as error:
        if trial.prepared is None:
            trial.error = error
        else:
            trial.asks = str(error)
            trial.truth = _truth_of_ours(trial)
    saved = folder / "model.pdmodel"
    if saved.exists():
        plumbing = {"feed", "fetch"}
        ops = [op.type for block in read_program(saved).blocks for op in block.ops]
        trial.kinds = tuple(kind for kind in ops if kind not in plumbing)
    return trial


def _truth_of_ours(trial: _Trial) -> GroundTruth | None:
    """What a user gives with ``--inputs`` where noise proves nothing; None if nor do these."""
    assert trial.prepared is not None
    feed = next(iter(trial.prepared.graph.feeds))
    inputs = [
        {feed: trial.inputs[name]}
        for name, outputs in trial.truths.items()
        if all(np.all(np.isfinite(each)) for each in outputs)
    ]
    if not inputs:
        return None
    try:
        truth = truth_of(trial.prepared, inputs)
        check_proves(trial.prepared, truth)
    except EdgeslimError:
        return None
    return truth


def _flat(result: Any) -> list[Array]:
    return [each.numpy() for each in (result if isinstance(result, list | tuple) else [result])]


def _convert(trials: Sequence[_Trial], folder: Path) -> None:
    """All of them for both targets, in one child; but what laws refuse."""
    wanted = []
    conversions = []
    for place, (trial, target) in enumerate(product(trials, Target)):
        assert trial.prepared is not None
        try:
            check_place(trial.prepared, Place.of(target))
        except ModelError as error:
            trial.errors[target] = error
            continue
        wanted.append((trial, target))
        conversions.append(
            Conversion(
                model=trial.prepared.program,
                parameters=trial.prepared.parameters,
                target=target,
                output=folder / f"{place}.{target.value}",
            )
        )
    for (trial, target), converted in zip(wanted, convert(conversions), strict=True):
        trial.errors[target] = converted.error
        if converted.error is None:
            trial.files[target] = converted.conversion.result


def _compute(trials: Sequence[_Trial], folder: Path) -> None:
    """The outputs of those that are for this machine, for our inputs and edgeslim's."""
    jobs = []
    for place, trial in enumerate(trials):
        if Target.X86 not in trial.files:
            continue
        own = (
            {}
            if trial.truth is None
            else {
                f"{_OWN}{number}": next(iter(given.values()))
                for number, given in enumerate(trial.truth.inputs)
            }
        )
        np.savez(folder / f"{place}.inputs.npz", **trial.inputs, **own)
        jobs.append(
            {
                "id": place,
                "model": str(trial.files[Target.X86]),
                "inputs": str(folder / f"{place}.inputs.npz"),
                "outputs": str(folder / f"{place}.outputs.npz"),
            }
        )
    listed = folder / "jobs.jsonl"
    listed.write_text("\n".join(json.dumps(job) for job in jobs))
    process.run(
        [sys.executable, "-I", str(_RUNTIME), str(listed)], timeout_s=60.0 + 60.0 * len(jobs)
    )
    for job in jobs:
        outputs = Path(str(job["outputs"]))
        if outputs.exists():
            trials[int(str(job["id"]))].computed = _read(outputs)


def _read(path: Path) -> Outputs:
    outputs: dict[str, list[Array]] = {}
    with np.load(path, allow_pickle=False) as stored:
        for key in stored.files:
            outputs.setdefault(key.rpartition("/")[0], []).append(stored[key])
    return outputs


def _end(trial: _Trial, target: Target, prover: Prover, folder: Path) -> Tried:
    """What edgeslim says of a case, and what is true."""
    error = trial.error or trial.errors[target]
    if error is not None:
        return _failed(trial, error)
    if trial.truth is None:
        return Tried(status="asks", message=trial.asks)
    judgement = _judgement(trial, target)
    if judgement is not None and judgement.right and _is_accepted(trial, target):
        return Tried(status="proved", worst=judgement.worst)
    if trial.asks:
        return Tried(status="asks", message=trial.asks)
    try:
        prover.prove(trial.claim(target), folder)
    except EdgeslimError as refusal:
        return _failed(trial, refusal)
    return _passed(judgement)


def _passed(judgement: Judgement | None) -> Tried:
    """What is true of a file that edgeslim hands out."""
    if judgement is None:
        return Tried(status="wrong", message="edgeslim passes what does not run here")
    status = "proved" if judgement.right else "near" if judgement.near else "wrong"
    return Tried(
        status=status,
        message=judgement.reason,
        worst=judgement.worst,
        share=judgement.share,
        inputs=judgement.inputs,
    )


def _judgement(trial: _Trial, target: Target) -> Judgement | None:
    """Ours: of the runtime, and for arm of what the file's operators mean; the worse of both."""
    ran = None if trial.computed is None else _judged(trial, trial.computed)
    if target is Target.X86:
        return ran
    program = read_optimized_program(trial.files[target])
    if without_meaning(program):
        return ran
    feed = next(iter(trial.prepared.graph.feeds)) if trial.prepared else ""
    try:
        net = OptimizedNet(program)
        found = {name: net.run({feed: value}) for name, value in trial.inputs.items()}
    except ModelError:
        return ran
    meant = _judged(trial, found)
    return ran if ran is not None and not ran.right else meant


def _judged(trial: _Trial, outputs: Outputs) -> Judgement:
    """Of equal scores any place is right, as `edgeslim.deployment.index_outputs` has it."""
    found = judge(trial.truths, outputs)
    if found.right or trial.prepared is None or not index_outputs_of(trial.prepared.graph):
        return found
    feed = next(iter(trial.prepared.graph.feeds))
    names = list(trial.inputs)
    truth = truth_of(trial.prepared, [{feed: trial.inputs[name]} for name in names])
    settle_ties = truth.settle_ties([outputs[name] for name in names])
    return judge(trial.truths, {**outputs, **dict(zip(names, settle_ties, strict=True))})


def _is_accepted(trial: _Trial, target: Target) -> bool:
    """Whether edgeslim's own comparisons pass, as far as that is known without its runner."""
    if trial.truth is None or trial.computed is None:
        return False
    own = [trial.computed[f"{_OWN}{number}"] for number in range(len(trial.truth.inputs))]
    try:
        differences = trial.truth.differences(trial.truth.settle_ties(own))
        if not all(is_acceptable(each, Precision.FP32) for each in differences):
            return False
        if target is not Target.X86:
            prove_optimized(trial.claim(target), trial.truth)
    except EdgeslimError:
        return False
    return True


def _failed(trial: _Trial, error: EdgeslimError) -> Tried:
    if "--inputs" in str(error):
        return Tried(status="asks", message=str(error))
    died = isinstance(error, ProgramAbortedError | ProgramCrashedError)
    named = "" if _is_named(trial, str(error)) else " unnamed"
    return Tried(status=("aborted" if died else "refused") + named, message=str(error))


def _known_names() -> set[str]:
    """Operators of the surroundings that are no words of a sentence."""
    return {name for name in (*known_kinds(), *OPERATORS) if "_" in name}


def _is_named(trial: _Trial, message: str) -> bool:
    """Whether a message has the name of an operator of the network."""
    own = re.split(r"[ ,]", trial.case.operator)[0]
    return any(
        re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", message)
        for name in {*trial.kinds, own, *_known_names()} - {"all", "any"}
    )
