"""Proof that a converted model computes what Paddle does, before its file is handed out.

There are two proofs, of different parts. A file for another processor is computed in Paddle,
operator by operator, from the very file: that proves the optimizer's work. What kernels compute is
proved by Paddle-Lite's runtime on this machine: by the file itself if it is for such a processor,
else by its twin, the same model converted for this one. Where an operator cannot be computed in
Paddle, the runtime alone must agree, and the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim, Proof, ProofBy
from edgeslim.deployment.culprit_message import name_culprit
from edgeslim.deployment.ground_truth import LOUDER, GroundTruth, paddle_truth
from edgeslim.deployment.judgement import Array, OutputDifference, difference_of, is_acceptable
from edgeslim.deployment.outputs import check_outputs, outputs_or_errors
from edgeslim.deployment.simulated_fp16 import check_fp16_weights, simulate_fp16
from edgeslim.deployment.suspect import Suspect
from edgeslim.errors import (
    EdgeslimError,
    LinkError,
    ModelError,
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramError,
    RunnerError,
)
from edgeslim.execution import Precision
from edgeslim.lite.optimized_program import read_optimized_program
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.optimized_program import OptimizedProgram
from edgeslim.paddle_io.optimized_operators.run import OptimizedNet, without_meaning

__all__ = [
    "Prover",
    "explain_failure",
    "open_prover",
    "prove_optimized",
    "prove_outputs",
    "prove_running",
    "truth_for",
    "with_rounding",
]

_EXACT_INPUTS, _INPUTS = 2, 8
"""Number of compared inputs in fp32, where two show that outputs follow their input, and in lower
precision, where the loss varies from input to input."""

_ROUNDED_INPUTS = 2
"""Number of inputs that are computed with the rounding of each operator, which is slow."""

_LOUDER = f"an input {LOUDER:g} times as large as noise"

_NOT_FINITE = "not finite"
"""Words of the runner for outputs that are no numbers: garbage, and no missing kernel."""

_TWINS = {Precision.FP16: Precision.FP32}
"""Precision of the twin where this machine's runtime has no kernels of the file's precision."""


def truth_for(model: PreparedModel, precisions: Iterable[Precision]) -> GroundTruth:
    """Paddle's outputs for as many inputs as the precisions of one model need.

    Raises:
        ModelError: Paddle cannot run the model, or nothing is proved by what it computes.
    """
    wanted = set(precisions)
    return paddle_truth(
        model,
        _EXACT_INPUTS if wanted == {Precision.FP32} else _INPUTS,
        louder=Precision.FP32 in wanted,
    )


def prove_optimized(claim: Claim, truth: GroundTruth) -> OutputDifference | tuple[str, ...]:
    """Proves the optimizer's work by computing the file in Paddle, operator by operator.

    Args:
        claim: The claim that is to be proved.
        truth: Inputs, and what Paddle computes of the model for them.

    Returns:
        How far the outputs are from Paddle's, in fp16 with the cost of rounding; or the operators
        that cannot be computed here.

    Raises:
        ModelError: It computes something else, or would in fp16.
        BadFileError: The file cannot be read.
    """
    try:
        program = read_optimized_program(claim.file.path)
    except ModelError as error:  # loops or branches, which only a runtime can follow
        return (str(error),)
    unknown = without_meaning(program)
    if claim.precision is Precision.FP16:
        check_fp16_weights(claim.model.name, program)
    if unknown:
        return unknown
    truth = _relevant_truth(claim, truth)
    if claim.precision is Precision.FP16:
        return _prove_fp16(claim, truth.sample(_ROUNDED_INPUTS), program)
    try:
        net = OptimizedNet(program)
        found = [net.run(inputs) for inputs in truth.inputs]
    except ModelError as error:
        return (str(error),)
    return _judge(claim, truth, found, claim.file.path.parent)


def with_rounding(claim: Claim, truth: GroundTruth) -> Claim:
    """The claim with the cost of rounding, if it is in fp16; raises as `prove_optimized`."""
    if claim.precision is not Precision.FP16:
        return claim
    found = prove_optimized(claim, truth)
    return claim if isinstance(found, tuple) else replace(claim, rounding=found)


def _prove_fp16(
    claim: Claim, truth: GroundTruth, program: OptimizedProgram
) -> OutputDifference | tuple[str, ...]:
    """Proves a file in fp16: exact without rounding, and still meaningful with it."""
    try:
        found = simulate_fp16(program, truth)
    except ModelError as error:
        return (str(error),)
    exact = replace(claim, precision=Precision.FP32)
    _judge(exact, truth, found.exact, claim.file.path.parent)
    return found.check(claim.model.name, truth)


def _relevant_truth(claim: Claim, truth: GroundTruth) -> GroundTruth:
    """The part of a truth that judges a claim: louder inputs are for fp32 alone."""
    return truth if claim.precision is Precision.FP32 else truth.quiet


def _judge(
    claim: Claim,
    truth: GroundTruth,
    found: Sequence[Sequence[Array]],
    folder: Path,
    session: DeviceSession | None = None,
) -> OutputDifference:
    """Judges outputs of a device, or without one those computed here, and returns how far they are.

    Raises:
        ModelError: They are not Paddle's; the message names the culprit.
    """
    found = truth.settle_ties(found, claim.precision)
    here = f"as opt converts it for {claim.target.value}"
    where = here if session is None else f"on {session.profile.name}"
    try:
        differences = truth.differences(found)
        for difference, louder in zip(differences, ("", f" for {_LOUDER}"), strict=False):
            check_outputs(difference, claim.model, claim.precision, where + louder, claim.rounding)
    except ModelError as error:
        triples = zip(truth.inputs, truth.outputs, found, strict=True)
        wrong = (given for given, *two in triples if not _is_right(two[0], two[1], claim.precision))
        suspect = claim.suspect(next(wrong, truth.inputs[0]), folder, session)
        raise name_culprit(error, suspect) from error
    return differences[0]


def _is_right(expected: Sequence[Array], found: Sequence[Array], precision: Precision) -> bool:
    try:
        return is_acceptable(difference_of([expected], [found]), precision)
    except ModelError:
        return False


def prove_running(
    session: DeviceSession, claim: Claim, truth: GroundTruth, folder: Path
) -> OutputDifference:
    """Proves a claim on a device, and names the culprit if it computes something else.

    Raises:
        RunnerError, ProgramError: The device does not run it, or gives no finite numbers.
        ModelError: The outputs are not Paddle's.
    """
    truth = _relevant_truth(claim, truth)
    inputs = [list(arrays.values()) for arrays in truth.inputs]
    outputs = len(claim.model.graph.fetches)
    found: list[list[Array]] = []
    for end in outputs_or_errors(session, claim.file, inputs, outputs, folder):
        if isinstance(end, EdgeslimError):
            is_louder = len(found) >= len(truth.inputs) - truth.louder
            error = type(end)(f"{end} (for {_LOUDER})") if is_louder else end
            raise explain_failure(error, claim.suspect(truth.inputs[len(found)], folder, session))
        found.append(end)
    return prove_outputs(session, claim, truth, found, folder)


def explain_failure(error: EdgeslimError, suspect: Suspect) -> EdgeslimError:
    """Adds to an error of a device which operator caused it, if that can be found.

    Args:
        error: The error instead of outputs.
        suspect: The file that ran, with its input.
    """
    ended = isinstance(error, (ProgramAbortedError, ProgramCrashedError))
    # Anything else a runner would refuse for each part of the model as well.
    if ended or (isinstance(error, RunnerError) and _NOT_FINITE in str(error)):
        return name_culprit(error, suspect)
    return error


def prove_outputs(
    session: DeviceSession,
    claim: Claim,
    truth: GroundTruth,
    found: Sequence[Sequence[Array]],
    folder: Path,
) -> OutputDifference:
    """Judges outputs that a device gave; raises as `prove_running`."""
    return _judge(claim, truth, found, folder, session)


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves files for processors that are not here.

    What it has computed of a model serves all files of that model.

    Args:
        runtime: Opens a session on this machine when it is first needed; raises if it fails.
    """

    runtime: Callable[[], DeviceSession]
    _truths: dict[tuple[Path, bool], GroundTruth] = field(default_factory=dict, init=False)
    _twins: dict[tuple[Path, Precision], OptimizedFile] = field(default_factory=dict, init=False)

    def prove(self, claim: Claim, folder: Path) -> Proof:
        """Proves a file.

        Args:
            claim: The claim that is to be proved.
            folder: Folder for intermediate files.

        Raises:
            ModelError: It computes something else, or nothing can prove that it does not.
        """
        truth = self._truth(claim)
        meant = prove_optimized(claim, truth)
        try:
            session, run = self._runnable(claim, folder)
        except EdgeslimError as error:
            return _without_runtime(claim, meant, str(error), error)
        own = run is claim
        twin = f"the same model for {run.target.value}"
        try:
            ran = prove_running(session, run, truth, folder)
        except (ProgramError, RunnerError) as error:
            if own or _NOT_FINITE in str(error):
                raise
            return _without_runtime(claim, meant, f"{twin} does not run here: {error}", error)
        except ModelError as error:
            if own:
                raise
            why = f"{twin} is wrong: {error}"
            if run.precision is Precision.INT8 and not isinstance(meant, tuple):
                # Kernels of 8 bits have faults of their own on x86 (`edgeslim.targets.quantized`).
                return _without_runtime(claim, meant, why, error)
            raise ModelError(
                f"{claim.model.name} for {claim.target.value} is not proved, since {why}"
            ) from error
        by = ProofBy.RUNTIME if own else ProofBy.TWIN
        if isinstance(meant, tuple):
            return Proof(by=(by,), difference=ran, unknown=meant)
        return Proof(by=(ProofBy.INTERPRETER, by), difference=meant)

    def _runnable(self, claim: Claim, folder: Path) -> tuple[DeviceSession, Claim]:
        """This machine's runtime, and the claim that it can run: this one, or its twin's."""
        session = self.runtime()
        target = session.execution.target
        if claim.target is target:
            self._twins[claim.model.prefix, claim.precision] = claim.file
            return session, claim
        precision = _TWINS.get(claim.precision, claim.precision)
        known = claim.model.prefix, precision
        if known not in self._twins:
            output = folder / f"twin.{claim.file.path.stem}"
            self._twins[known] = optimize(
                claim.model, target, output, place=session.place(precision)
            )
        return session, replace(claim, file=self._twins[known], target=target, precision=precision)

    def _truth(self, claim: Claim) -> GroundTruth:
        """What Paddle computes of a claim's model, computed once for all claims."""
        known = claim.model.prefix, claim.precision is Precision.FP32
        if known not in self._truths:
            self._truths[known] = truth_for(claim.model, [claim.precision])
        return self._truths[known]


def _without_runtime(
    claim: Claim, meant: OutputDifference | tuple[str, ...], why: str, error: EdgeslimError
) -> Proof:
    """The proof of the optimizer's work alone, where no runtime takes part.

    Raises:
        ModelError: The optimizer's work is not proved either.
    """
    what = f"{claim.model.name} for {claim.target.value}"
    if isinstance(meant, tuple):
        raise ModelError(
            f"{what} cannot be proved: no meaning is known of {', '.join(meant)}, and no runtime "
            f"has run it, since {why}"
        ) from error
    gap = (
        f"what opt made of {what} computes what Paddle does, operator by operator, and that is all "
        f"that is proved: no runtime has run its kernels, since {why}; before it is shipped, run "
        "it on the device (edgeslim deploy --device NAME)"
    )
    return Proof(by=(ProofBy.INTERPRETER,), difference=meant, gaps=(gap,))


@contextmanager
def open_prover() -> Iterator[Prover]:
    """Opens a prover whose runtime is this machine's."""
    with ExitStack() as stack:
        opened: list[DeviceSession | EdgeslimError] = []

        def runtime() -> DeviceSession:
            if not opened:
                try:
                    opened.append(stack.enter_context(open_device("host")))
                except (LinkError, ProgramError, RunnerError) as error:
                    opened.append(error)
            (found,) = opened
            if isinstance(found, EdgeslimError):
                raise found
            return found

        yield Prover(runtime)
