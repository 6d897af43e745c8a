"""Proof that a converted model computes what Paddle does, before its file is handed out.

Two proofs, of different parts. What the optimizer made of a model for a processor that is not
here is computed in Paddle by the meaning of its operators, from the very file: that proves the
optimizer's work. What kernels compute is proved by Paddle-Lite's runtime on this machine: by the
file itself if it is for such a processor, else by its twin, the same model converted for this
one. Where an operator has no meaning here, the runtime alone must agree, and the result says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, optimize
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.blaming import Suspect, blamed
from edgeslim.deployment.claims import Claim, Proof, ProofBy
from edgeslim.deployment.halves import check_stored_halves, in_halves
from edgeslim.deployment.judgement import Array, OutputDifference, acceptable, difference_of
from edgeslim.deployment.outputs import check_outputs, ends_on_device
from edgeslim.deployment.truth import LOUDER, Truth, paddle_truth
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
    "explained",
    "open_prover",
    "prove_optimized",
    "prove_outputs",
    "prove_running",
    "truth_for",
    "with_rounding",
]

_EXACT_INPUTS, _INPUTS = 2, 8
"""Compared in fp32, where two say that outputs follow their input, and where a precision loses
something, of how much one input says little."""

_ROUNDED_INPUTS = 2
"""Computed with the rounding of each operator, which takes some times as long as without."""

_LOUDER = f"an input {LOUDER:g} times as large as noise"

_NOT_FINITE = "not finite"
"""What the runner says where outputs are no numbers: garbage, and no lack of a kernel."""

_TWINS = {Precision.FP16: Precision.FP32}
"""What this machine's runtime computes in instead, where it has no such kernels."""


def truth_for(model: PreparedModel, precisions: Iterable[Precision]) -> Truth:
    """What Paddle computes, for as many inputs as the precisions of one model need.

    Raises:
        ModelError: Paddle cannot run it, or nothing is proved by what it computes.
    """
    wanted = set(precisions)
    return paddle_truth(
        model,
        _EXACT_INPUTS if wanted == {Precision.FP32} else _INPUTS,
        louder=Precision.FP32 in wanted,
    )


def prove_optimized(claim: Claim, truth: Truth) -> OutputDifference | tuple[str, ...]:
    """What the optimizer made, computed by the meaning of its operators.

    Args:
        claim: What is to be proved.
        truth: What Paddle computes of the model.

    Returns:
        How far it is from that, in fp16 with what rounding costs; or the operators without a
        meaning.

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
        check_stored_halves(claim.model.name, program)
    if unknown:
        return unknown
    truth = _asked(claim, truth)
    if claim.precision is Precision.FP16:
        return _proved_in_halves(claim, truth.few(_ROUNDED_INPUTS), program)
    try:
        net = OptimizedNet(program)
        found = [net.run(inputs) for inputs in truth.inputs]
    except ModelError as error:
        return (str(error),)
    return _judged(claim, truth, found, claim.file.path.parent)


def with_rounding(claim: Claim, truth: Truth) -> Claim:
    """A claim that knows what rounding costs, if it is one of fp16; raises as `prove_optimized`."""
    if claim.precision is not Precision.FP16:
        return claim
    found = prove_optimized(claim, truth)
    return claim if isinstance(found, tuple) else replace(claim, rounding=found)


def _proved_in_halves(
    claim: Claim, truth: Truth, program: OptimizedProgram
) -> OutputDifference | tuple[str, ...]:
    """The meaning, which rounds nothing and must be exact, and what rounding makes of it."""
    try:
        found = in_halves(program, truth)
    except ModelError as error:
        return (str(error),)
    exact = replace(claim, precision=Precision.FP32)
    _judged(exact, truth, found.exact, claim.file.path.parent)
    return found.check(claim.model.name, truth)


def _asked(claim: Claim, truth: Truth) -> Truth:
    """The part of a truth by which a claim is judged: louder inputs say nothing of what is lost."""
    return truth if claim.precision is Precision.FP32 else truth.quiet


def _judged(
    claim: Claim,
    truth: Truth,
    found: Sequence[Sequence[Array]],
    folder: Path,
    session: DeviceSession | None = None,
) -> OutputDifference:
    """How far outputs are from Paddle's; raises if they are far, with what is to blame.

    They are a device's, or by the meaning of operators.
    """
    found = truth.settled(found, claim.precision)
    here = f"as opt converts it for {claim.target.value}"
    where = here if session is None else f"on {session.profile.name}"
    try:
        differences = truth.differences(found)
        for difference, louder in zip(differences, ("", f" for {_LOUDER}"), strict=False):
            check_outputs(difference, claim.model, claim.precision, where + louder, claim.rounding)
    except ModelError as error:
        triples = zip(truth.inputs, truth.outputs, found, strict=True)
        wrong = (given for given, *two in triples if not _is_right(two[0], two[1], claim.precision))
        suspect = claim.suspect(next(wrong, truth.inputs[0]), session)
        raise blamed(error, suspect, folder) from error
    return differences[0]


def _is_right(expected: Sequence[Array], found: Sequence[Array], precision: Precision) -> bool:
    try:
        return acceptable(difference_of([expected], [found]), precision)
    except ModelError:
        return False


def prove_running(
    session: DeviceSession, claim: Claim, truth: Truth, folder: Path
) -> OutputDifference:
    """What a device computes, and if that is something else, which operator is to blame.

    Raises:
        RunnerError, ProgramError: The device does not run it, or gives no finite numbers.
        ModelError: The outputs are not Paddle's.
    """
    truth = _asked(claim, truth)
    inputs = [list(each.values()) for each in truth.inputs]
    outputs = len(claim.model.graph.fetches)
    found: list[list[Array]] = []
    for end in ends_on_device(session, claim.file, inputs, outputs, folder):
        if isinstance(end, EdgeslimError):
            is_louder = len(found) >= len(truth.inputs) - truth.louder
            error = type(end)(f"{end} (for {_LOUDER})") if is_louder else end
            raise explained(error, claim.suspect(truth.inputs[len(found)], session), folder)
        found.append(end)
    return prove_outputs(session, claim, truth, found, folder)


def explained(error: EdgeslimError, suspect: Suspect, folder: Path) -> EdgeslimError:
    """Why a device gives nothing for an input, with the operator that is to blame if there is one.

    Args:
        error: What came of it.
        suspect: What ran, and the input.
        folder: For files on the way.
    """
    ended = isinstance(error, (ProgramAbortedError, ProgramCrashedError))
    # What a runner refuses otherwise it would refuse of any part as well.
    if ended or (isinstance(error, RunnerError) and _NOT_FINITE in str(error)):
        return blamed(error, suspect, folder)
    return error


def prove_outputs(
    session: DeviceSession,
    claim: Claim,
    truth: Truth,
    found: Sequence[Sequence[Array]],
    folder: Path,
) -> OutputDifference:
    """How far outputs that a device gave are from Paddle's; raises as `prove_running`."""
    return _judged(claim, truth, found, folder, session)


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves files that no device is there for.

    What it has learnt of a model serves all files of it.

    Args:
        runtime: This machine's, opened when it is asked for first; raises if it cannot be had.
    """

    runtime: Callable[[], DeviceSession]
    _truths: dict[tuple[Path, bool], Truth] = field(default_factory=dict, init=False)
    _twins: dict[tuple[Path, Precision], OptimizedFile] = field(default_factory=dict, init=False)

    def prove(self, claim: Claim, folder: Path) -> Proof:
        """How a file is proved.

        Args:
            claim: What is to be proved.
            folder: For files on the way.

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
        """This machine's runtime, and what it can run: the claim itself, or that of its twin."""
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

    def _truth(self, claim: Claim) -> Truth:
        """What Paddle computes of a claim's model, asked once for all that is claimed of it."""
        known = claim.model.prefix, claim.precision is Precision.FP32
        if known not in self._truths:
            self._truths[known] = truth_for(claim.model, [claim.precision])
        return self._truths[known]


def _without_runtime(
    claim: Claim, meant: OutputDifference | tuple[str, ...], why: str, error: EdgeslimError
) -> Proof:
    """What is left of a proof if no runtime takes part in it.

    Raises:
        ModelError: Nothing is left.
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
    """A prover whose runtime is this machine's."""
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
