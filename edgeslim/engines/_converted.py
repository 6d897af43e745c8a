"""Engines that are no part of Paddle-Lite: converted by scripts, run by a module in a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.precisions import is_quantized
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.engines._conversion import convert_by_road, install_command
from edgeslim.engines._engine import Road
from edgeslim.engines._python import engine_python
from edgeslim.errors import ModelError, ProgramNotFoundError
from edgeslim.execution import PowerMode, Precision, Target
from edgeslim.files import write_bytes
from edgeslim.graph import Graph
from edgeslim.lite.optimized_model import OptimizedModel
from edgeslim.measuring.device_session import LOCAL, DeviceSession
from edgeslim.process import last_lines
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Sampling
from edgeslim.runner.runners import engine_program
from edgeslim.targets import Place
from edgeslim.transports import Transport

__all__ = ["ConvertedEngine", "EngineRunner"]

_VERSION_TIMEOUT_S = 120.0


_REFERENCE = Job(
    entry=Entry(
        id="reference",
        model="",
        library_version="",
        kernel_targets=(),
        inputs=(),
        states=(Sampling(),),
    ),
    files={},
)
"""The job of the reference of other engines: a product of matrices, which needs no file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineRunner:
    """The runner's program with another engine than Paddle-Lite.

    Args:
        transport: Link to the device.
        python: Command of Python on the device.
        threads: Threads that models run with.
        name: Name of the engine, in tables as well.
        runtime: The engine's module for the program.
    """

    transport: Transport
    python: str
    threads: int
    name: str
    runtime: Path
    power_mode: PowerMode = field(default=PowerMode.NO_BIND, init=False)

    def command(self) -> list[str]:
        """Python in isolated mode, with the program and the engine's module as an archive."""
        program = engine_program(self.name, self.runtime)
        return [self.python, "-I", str(self.transport.keep(program))]

    def environment(self) -> Mapping[str, str]:
        """Variables that keep NumPy, which is the reference, to one thread."""
        return dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

    def version(self) -> str:
        """Asks the engine for its version.

        Raises:
            ProgramNotFoundError: It does not load there.
            LinkError: The device was lost.
        """
        completed = self.transport.run([*self.command(), "--version"], timeout_s=_VERSION_TIMEOUT_S)
        if completed.status != 0:
            raise ProgramNotFoundError(last_lines(completed.errors).strip(": "))
        return completed.output.decode().split()[-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertedEngine:
    """An engine that reads files which converters make of Paddle's models.

    Args:
        name: Its name on the shelf, and the extra that installs it.
        title: Its name as its makers write it.
        runtime: Its module for the runner's program.
        roads: Ways of conversion, the best first.
        has_batches: Whether it runs models whose inputs have a batch of more than one.
    """

    name: str
    title: str
    runtime: Path
    roads: tuple[Road, ...]
    has_batches: bool = True
    explains: bool = False

    def attach(self, session: DeviceSession) -> DeviceSession:
        own = session.profile.python
        python = engine_python(self.name) if session.profile.transport == LOCAL else own
        runner = EngineRunner(
            transport=session.transport,
            python=python or "python3",
            threads=session.execution.threads,
            name=self.name,
            runtime=self.runtime,
        )
        try:
            version = runner.version()
        except ProgramNotFoundError as error:
            raise ProgramNotFoundError(
                f"{self.title} does not run on {session.profile.name} ({error}); "
                f"{install_command(self.name)}"
            ) from error
        execution = msgspec.structs.replace(session.execution, power_mode=runner.power_mode)
        return replace(
            session,
            engine=self.name,
            runner=runner,
            execution=execution,
            library_version=version,
            reference=_REFERENCE,
        )

    def model_for(
        self, model: PreparedModel, precision: Precision, session: DeviceSession, folder: Path
    ) -> PreparedModel:
        if precision is not Precision.FP32 or is_quantized(model):
            raise ModelError(
                f"{model.name} is not deployed with {self.title} in {precision.value}: "
                "other engines than Paddle-Lite run float models in fp32"
            )
        return model

    def check(self, model: PreparedModel, place: Place) -> None:
        if self.has_batches:
            return
        for name, shape in model.graph.feeds.items():
            if len(shape) > 1 and shape[0] != 1:
                raise ModelError(
                    f"{self.title} has no batches, and input {name!r} of {model.name} has one of "
                    f"{shape[0]}; give --input-shape with a first extent of 1"
                )

    def convert(
        self, model: PreparedModel, place: Place, folder: Path, road: Road
    ) -> OptimizedFile:
        output = folder / f"{model.name}.{self.name}"
        made = convert_by_road(model, road, output, title=self.title, extra=self.name)
        if road.is_rewritten:
            converter = f"{made.converter}, from a rewritten program"
            made = msgspec.structs.replace(made, converter=converter)
        path, *others = map(Path, made.files)
        note = path.with_name(f"{path.name}.json")
        write_bytes(note, msgspec.json.format(msgspec.json.encode(made)))
        size = sum(file.stat().st_size for file in (path, *others))
        facts = OptimizedModel(library_version="", kernels=frozenset(), size_bytes=size)
        return OptimizedFile(
            path=path, facts=facts, others=(*others, note), converter=made.converter
        )

    def graph(self, model: PreparedModel, target: Target) -> Graph:
        return model.graph
