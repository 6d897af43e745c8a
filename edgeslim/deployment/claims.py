"""What is claimed of a converted model, and how that was proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import Array, OutputDifference
from edgeslim.deployment.suspect import Suspect
from edgeslim.engines import Road
from edgeslim.execution import Precision, Target
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["Claim", "Proof", "ProofBy"]


class ProofBy:
    """Names of the ways in which a file can be proved right."""

    INTERPRETER = "interpreter"
    """The optimizer's work, computed operator by operator in Paddle."""
    DEVICE = "device"
    """The device that the file is for."""
    RUNTIME = "runtime"
    """The file itself, run by Paddle-Lite."""
    TWIN = "twin"
    """The same model converted for this machine, run by Paddle-Lite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The claim that a converted file computes what its model does.

    Args:
        model: The model before its conversion, which says what is right.
        file: The converted model on disk.
        target: Kind of processor that it is converted for.
        precision: Precision that it is converted to.
        rounding: In fp16, how far rounding alone takes outputs from Paddle's, as
            `prove_optimized` finds it; None if that is not known.
        road: The way by which another engine's converters made the file; None if ``opt`` did,
            whose work is looked into.
        is_explained: Whether the culprit is looked for, if it is false.
    """

    model: PreparedModel
    file: OptimizedFile
    target: Target
    precision: Precision
    rounding: OutputDifference | None = None
    road: Road | None = None
    is_explained: bool = True

    def suspect(
        self, inputs: Mapping[str, Array], folder: Path, session: DeviceSession | None
    ) -> Suspect:
        """The file as a suspect.

        Args:
            inputs: An input for which the claim is false, by name.
            folder: Folder for intermediate files.
            session: The device on which it is false; None if it is false in Paddle already.
        """
        return Suspect(
            model=self.model,
            file=self.file,
            precision=self.precision,
            inputs=inputs,
            folder=folder,
            session=session,
            road=self.road,
            is_explained=self.is_explained,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """How a file was proved right.

    Args:
        by: Names of the proofs that hold, see `ProofBy`.
        difference: How far the outputs of the first of them are from Paddle's.
        unknown: Operators of the file that cannot be computed in Paddle.
        gaps: Parts of the claim that are not proved, a sentence each.
    """

    by: tuple[str, ...]
    difference: OutputDifference
    unknown: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
