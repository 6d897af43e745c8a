"""Paddle-Lite: converted by ``opt``, run by its own runners, with a table of laws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, check_place, fused_graph, optimize
from edgeslim.conversion.precisions import model_for_precision
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.engines._engine import Road
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.fp16_support import check_precision
from edgeslim.targets import Place

__all__ = ["ENGINE", "PaddleLite"]


@dataclass(frozen=True, slots=True)
class PaddleLite:
    """The engine that every device session has from the beginning."""

    name: str = "paddle-lite"
    title: str = "Paddle-Lite"
    explains: bool = True
    roads: tuple[Road, ...] = (Road(name="opt"),)

    def attach(self, session: DeviceSession) -> DeviceSession:
        return replace(session, engine=self.name)

    def model_for(
        self, model: PreparedModel, precision: Precision, session: DeviceSession, folder: Path
    ) -> PreparedModel:
        check_precision(session, precision)
        return model_for_precision(model, precision, folder)

    def check(self, model: PreparedModel, place: Place) -> None:
        check_place(model, place)

    def convert(
        self, model: PreparedModel, place: Place, folder: Path, road: Road
    ) -> OptimizedFile:
        # fp32 is not part of the name.
        extra = "" if place.precision is Precision.FP32 else f".{place.precision.value}"
        output = folder / f"{model.name}.{place.target.value}{extra}"
        file = optimize(model, place.target, output, place=place)
        return replace(file, converter=f"{road.name} {file.facts.library_version}")

    def graph(self, model: PreparedModel, target: Target) -> Graph:
        return fused_graph(model, target)


ENGINE = PaddleLite()
