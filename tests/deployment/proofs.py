"""What tests prove on a device."""

from __future__ import annotations

from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.proving import prove_running, truth_for
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["proved_on"]


def proved_on(
    session: DeviceSession,
    model: PreparedModel,
    file: OptimizedFile,
    folder: Path,
    truth: GroundTruth | None = None,
) -> OutputDifference:
    """How far a device's outputs in fp32 are from Paddle's; raises as `prove_running`."""
    target, precision = session.execution.target, Precision.FP32
    claim = Claim(model=model, file=file, target=target, precision=precision)
    return prove_running(session, claim, truth or truth_for(model, [precision]), folder)
