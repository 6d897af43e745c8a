"""What an engine has to be able to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.targets import Place

__all__ = ["DeploymentEngine", "Road", "with_rewritten"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Road:
    """One way from a model of Paddle's to a file of an engine.

    Args:
        name: Name of the converter, or of both if there are two in a row.
        steps: Scripts that are run one after the other, each in a process of its own.
        is_rewritten: Whether they begin with the program that is rewritten for Paddle-Lite, in
            operators that most converters know as well, and not with the model as it came.
    """

    name: str
    steps: tuple[Path, ...] = ()
    is_rewritten: bool = False

    @property
    def title(self) -> str:
        """The road in words."""
        return f"{self.name}, from a rewritten program" if self.is_rewritten else self.name


def with_rewritten(road: Road) -> tuple[Road, Road]:
    """A road from the model as it came, and the same from its rewritten program."""
    return road, replace(road, is_rewritten=True)


class DeploymentEngine(Protocol):
    """An engine on the shelf."""

    @property
    def name(self) -> str:
        """Its name on the shelf and in records."""

    @property
    def title(self) -> str:
        """Its name as its makers write it."""

    @property
    def roads(self) -> tuple[Road, ...]:
        """Ways of conversion, the best first; the next one is taken where one goes wrong."""

    @property
    def explains(self) -> bool:
        """Whether the operator that is to blame for wrong outputs or a crash can be found."""

    def attach(self, session: DeviceSession) -> DeviceSession:
        """The session of a device with this engine as what runs models there.

        Raises:
            ProgramNotFoundError: It is not installed; the message has the command.
            RunnerError: It does not load.
        """

    def model_for(
        self, model: PreparedModel, precision: Precision, session: DeviceSession, folder: Path
    ) -> PreparedModel:
        """The model that is converted to a precision, and whose outputs say what is right.

        Raises:
            ModelError: The engine or the device has no such precision of it.
        """

    def check(self, model: PreparedModel, place: Place) -> None:
        """Refuses a model of which an operator is known to be computed wrongly.

        Raises:
            ModelError: There is one; the message names it.
        """

    def convert(
        self, model: PreparedModel, place: Place, folder: Path, road: Road
    ) -> OptimizedFile:
        """Converts a model into a folder.

        Raises:
            ProgramError: The converter failed.
            ModelError: It cannot convert the model.
        """

    def graph(self, model: PreparedModel, target: Target) -> Graph:
        """The operators that the engine is known to run, or those of the model before any fusion.

        Raises:
            ProgramError, ModelError: The optimizer that says so cannot convert the model.
        """
