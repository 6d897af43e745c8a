"""What is claimed of a converted model, and how that was proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.blaming import Suspect
from edgeslim.deployment.judgement import Array, OutputDifference
from edgeslim.execution import Precision, Target
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["Claim", "Proof", "ProofBy"]


class ProofBy:
    """Names of the proofs."""

    INTERPRETER = "interpreter"
    """What the optimizer made, operator by operator in Paddle."""
    DEVICE = "device"
    """The device that it is for."""
    RUNTIME = "runtime"
    """The file itself, run by Paddle-Lite."""
    TWIN = "twin"
    """The same model converted for this machine, run by Paddle-Lite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """That a file computes what a model does.

    Args:
        model: What was converted, and says what is right.
        file: The same, converted.
        target: What for.
        precision: To what.
        rounding: In fp16, how far rounding alone takes outputs from Paddle's, as
            `prove_optimized` finds it; None if nobody knows.
    """

    model: PreparedModel
    file: OptimizedFile
    target: Target
    precision: Precision
    rounding: OutputDifference | None = None

    def suspect(self, inputs: Mapping[str, Array], session: DeviceSession | None) -> Suspect:
        """The file, if it does not, with an input for which that is so, and where."""
        return Suspect(
            model=self.model,
            file=self.file,
            precision=self.precision,
            inputs=inputs,
            session=session,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """How a file was proved.

    Args:
        by: Names of the proofs that hold, see `ProofBy`.
        difference: How far the outputs of the first of them are from Paddle's.
        unknown: Operators of the file whose meaning is not known here.
        gaps: What is not proved, a line each.
    """

    by: tuple[str, ...]
    difference: OutputDifference
    unknown: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
