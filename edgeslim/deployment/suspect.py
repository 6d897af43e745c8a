"""An optimized model that computes something else than its original, on the way to the culprit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.judgement import Array
from edgeslim.engines import Road
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["Suspect"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Suspect:
    """An optimized model that computes something else than its original.

    Args:
        model: The model before its conversion, which says what is right.
        file: The optimized model on disk.
        precision: Precision that it was converted to.
        inputs: One input for which the outputs differ, by name.
        folder: Folder for intermediate files.
        session: The device on which they differ; None if the optimizer's work is already wrong.
        road: The way by which another engine's converters made it; None if ``opt`` did.
        is_explained: Whether the culprit is looked for.
    """

    model: PreparedModel
    file: OptimizedFile
    precision: Precision
    inputs: Mapping[str, Array]
    folder: Path
    session: DeviceSession | None = None
    road: Road | None = None
    is_explained: bool = True

    @property
    def feeds(self) -> list[Array]:
        """The input as a runtime takes it: one array for each of the model's inputs, in order."""
        return list(self.inputs.values())
