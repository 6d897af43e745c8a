"""A model timed on a device with the user's own ``benchmark_bin`` instead of our runner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import prepare
from edgeslim.device import DeviceChoice
from edgeslim.device_state.facts import device_facts
from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import temporary_folder
from edgeslim.measuring.device_session import (
    connect_device,
    limit_threads_with_warning,
    read_device_laws,
)
from edgeslim.opspec import Shape
from edgeslim.runner.benchmark_bin import INPUT_TYPES, BenchmarkTimes, run_benchmark_bin
from edgeslim.targets import Place

__all__ = ["benchmark"]


def benchmark(
    model: str,
    program: Path,
    *,
    device: str | DeviceChoice = "",
    libraries: Sequence[Path] = (),
    input_shapes: Mapping[str, Shape] | None = None,
) -> BenchmarkTimes:
    """Converts a model for a device and has the user's tool time it there.

    Its times are no samples and its outputs are not proved, so they go into no table.

    Args:
        model: A model, as on the command line.
        program: The tool, built for the device.
        device: Name of its profile, or a choice that overrides parts of it.
        libraries: Shared libraries that the tool needs beside it.
        input_shapes: Shapes of open inputs, by name or under an empty name.

    Raises:
        UsageError: Unknown names.
        BadFileError: There is no such tool.
        LinkError: The device is not there.
        ModelError: The tool cannot feed inputs of the model's types.
        ProgramError, RunnerError: The model does not convert, or the tool does not time it.
    """
    for needed in (program, *libraries):
        if not needed.is_file():
            raise BadFileError(f"there is no file {needed}")
    choice = DeviceChoice.of(device)
    profile = choice.profile()
    with temporary_folder() as folder:
        prepared = prepare(find_model(model), folder / "model", input_shapes=input_shapes)
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
            return run_benchmark_bin(
                transport,
                program,
                file.path,
                list(prepared.graph.feeds.values()),
                profile.execution(),
                dtypes=dtypes if set(dtypes) != {"float32"} else (),
                libraries=libraries,
            )
