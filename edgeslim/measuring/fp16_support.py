"""Support of 16-bit floats on a device: few libraries have such kernels."""

from __future__ import annotations

import msgspec

from edgeslim.errors import ProgramError, ProgramNotFoundError, RunnerError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession, check_runner
from edgeslim.runner.build import has_fp16_kernels
from edgeslim.runner.build_targets import RELEASE
from edgeslim.runner.runners import NativeRunner, Runner

__all__ = ["check_precision", "has_fp16_library"]

_WITHOUT = "leave fp16 out"


def has_fp16_library(runner: Runner) -> bool | None:
    """Whether the library of a runner for Arm has fp16 kernels; None is not known."""
    if not isinstance(runner, NativeRunner):
        return None
    return has_fp16_kernels(runner.folder, runner.built)


def check_precision(session: DeviceSession, precision: Precision) -> None:
    """Checks that a device runs kernels of a precision, before a model is converted for it.

    Where neither the library nor the processor decides, one operator is run.

    Raises:
        ProgramNotFoundError: It runs none; the message says what to do.
        LinkError: The device is gone.
    """
    if precision is not Precision.FP16:
        return
    runner, name = session.runner, session.profile.name
    found = has_fp16_library(runner)
    if found is False:
        raise ProgramNotFoundError(
            f"the library of Paddle-Lite for {name} has no fp16 kernels; "
            f"{_rebuild_text(runner)}, or {_WITHOUT}"
        )
    if session.facts.has_fp16 is False:
        raise ProgramNotFoundError(
            f"the processor of {name} does not compute in fp16, which Armv8.2 brings (asimdhp); "
            f"{_WITHOUT}"
        )
    if found and session.facts.has_fp16:
        return
    try:
        check_runner(runner, msgspec.structs.replace(session.execution, precision=precision))
    except (ProgramError, RunnerError) as error:
        raise ProgramNotFoundError(
            f"{name} does not run an operator in fp16: its library of Paddle-Lite or its processor "
            f"does not support it ({error}); {_WITHOUT}"
        ) from error


def _rebuild_text(runner: Runner) -> str:
    target = f" --target {runner.built.target}" if isinstance(runner, NativeRunner) else ""
    return (
        f"build Paddle-Lite {RELEASE} with --with_arm82_fp16=ON, and the runner with it: "
        f"edgeslim runner build{target} --sdk DIR"
    )
