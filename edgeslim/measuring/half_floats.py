"""Whether models of 16-bit floats run on a device: few libraries have kernels of them."""

from __future__ import annotations

import msgspec

from edgeslim.errors import ProgramError, ProgramNotFoundError, RunnerError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession, prove_runner
from edgeslim.runner.build import has_half_kernels
from edgeslim.runner.build_targets import RELEASE
from edgeslim.runner.runners import NativeRunner, Runner

__all__ = ["check_precision", "library_has_halves"]

_WITHOUT = "leave fp16 out"


def library_has_halves(runner: Runner) -> bool | None:
    """Whether the library of a runner for Arm has kernels of 16-bit floats; None is not known."""
    if not isinstance(runner, NativeRunner):
        return None
    return has_half_kernels(runner.folder, runner.built)


def check_precision(session: DeviceSession, precision: Precision) -> None:
    """Proves that a device runs kernels of a precision, before a model is converted for it.

    What neither the library nor the processor tells, one operator does.

    Raises:
        ProgramNotFoundError: It has none; the message says what mends that.
        LinkError: It is gone.
    """
    if precision is not Precision.FP16:
        return
    runner, name = session.runner, session.profile.name
    found = library_has_halves(runner)
    if found is False:
        raise ProgramNotFoundError(
            f"the library of Paddle-Lite's for {name} has no kernels of fp16; "
            f"{_with_halves(runner)}, or {_WITHOUT}"
        )
    if session.facts.has_halves is False:
        raise ProgramNotFoundError(
            f"the processor of {name} does not compute in fp16, which Armv8.2 brings (asimdhp); "
            f"{_WITHOUT}"
        )
    if found and session.facts.has_halves:
        return
    try:
        prove_runner(runner, msgspec.structs.replace(session.execution, precision=precision))
    except (ProgramError, RunnerError) as error:
        raise ProgramNotFoundError(
            f"{name} does not run an operator in fp16, as its library of Paddle-Lite's or its "
            f"processor has none ({error}); {_WITHOUT}"
        ) from error


def _with_halves(runner: Runner) -> str:
    target = f" --target {runner.built.target}" if isinstance(runner, NativeRunner) else ""
    return (
        f"build Paddle-Lite {RELEASE} with --with_arm82_fp16=ON, and the runner with it: "
        f"edgeslim runner build{target} --sdk DIR"
    )
