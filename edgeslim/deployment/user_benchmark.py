"""A model timed on a device with the user's own ``benchmark_bin`` instead of our runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.device import REACHED_AND_RUN, DeviceChoice
from edgeslim.device_state.facts import device_facts
from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import (
    connect_device,
    limit_threads_with_warning,
    read_device_laws,
)
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, OptionsOf, called_with, parse_paths
from edgeslim.runner.benchmark_bin import (
    INPUT_TYPES,
    BenchmarkCall,
    BenchmarkTimes,
    run_benchmark_bin,
)
from edgeslim.targets import Place

__all__ = ["BenchmarkRequest", "benchmark"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkRequest:
    """What can be asked of `benchmark`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    program: Annotated[Path, OPTION] = field(kw_only=False)
    """Your benchmark_bin, built for the device."""
    libraries: Annotated[Sequence[Path], OPTION("--library", parse_all=parse_paths)] = ()
    """A shared library that the program needs."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224 or name=..."""
    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice, REACHED_AND_RUN)] = ""
    """Name of the device's profile; by default host."""


@called_with(BenchmarkRequest)
def benchmark(request: BenchmarkRequest) -> BenchmarkTimes:
    """Converts a model for a device and has the user's tool time it there.

    Its times are no samples and its outputs are not proved, so they go into no table.

    Raises:
        UsageError: Unknown names.
        BadFileError: There is no such tool.
        LinkError: The device is not there.
        ModelError: The tool cannot feed inputs of the model's types.
        ProgramError, RunnerError: The model does not convert, or the tool does not time it.
    """
    program = request.program
    for needed in (program, *request.libraries):
        if not needed.is_file():
            raise BadFileError(f"there is no file {needed}")
    choice = DeviceChoice.of(request.device)
    profile = choice.profile()
    with temporary_folder() as folder:
        prepared = prepare(
            find_model(request.model), folder / "model", input_shapes=request.input_shapes
        )
        dtypes = [prepared.graph.feed_type(name) for name in prepared.graph.feeds]
        for name, dtype in zip(prepared.graph.feeds, dtypes, strict=True):
            if dtype not in INPUT_TYPES:
                raise ModelError(
                    f"{program.name} feeds {', '.join(sorted(INPUT_TYPES))} alone, and input "
                    f"{name!r} of {prepared.name} is {dtype}; edgeslim deploy feeds it"
                )
        (own,) = precisions_of((), prepared, profile.target)
        place = Place.of(profile.target, own, profile.threads, read_device_laws(profile))
        file = optimize(prepared, profile.target, folder / "optimized", place=place)
        with connect_device(profile) as transport:
            if choice.threads is None:
                profile = limit_threads_with_warning(profile, device_facts(transport))
            call = BenchmarkCall(
                shapes=list(prepared.graph.feeds.values()),
                execution=profile.execution(),
                dtypes=dtypes if set(dtypes) != {"float32"} else (),
            )
            return run_benchmark_bin(
                transport, program, file.path, call, libraries=request.libraries
            )
