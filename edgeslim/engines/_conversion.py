"""Running converters: each in a process of its own, with a deadline.

A step of a road is a script that gets one argument, a file with its job in JSON::

    program, parameters   the model as Paddle saved it, in the old form
    inputs, outputs       names of its inputs and outputs, in order
    output                path of what it makes, without a suffix
    earlier               what the step before it made, or null

Its last line of output begins with a mark and is what it made::

    files                 paths, that of the model first
    inputs, outputs       by which names the engine knows them, in the order of the job
    converter             name and version

It ends with another status than 0 and a line on standard error if it cannot convert the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim import process
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.engines._engine import Road
from edgeslim.engines._python import converter_python, variable_of
from edgeslim.errors import EdgeslimError, ModelError, NoOutputError, ProgramNotFoundError
from edgeslim.files import copy_file, new_folder, temporary_folder, write_bytes

__all__ = ["Made", "convert_by_road"]

_MARK = b"@edgeslim "
_TIMEOUT_S = 300.0
_ABSENT = ("ModuleNotFoundError", "ImportError")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Road:
    """Names of a road, an engine, the extra that installs both and a converter, for messages."""

    name: str
    title: str
    extra: str
    converter: str = ""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What a step of a road made.

    Args:
        files: Paths of the files, that of the model first.
        inputs, outputs: By which names the engine knows them, in the model's own order.
        converter: Name and version of the converter.
    """

    files: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    converter: str


def convert_by_road(
    model: PreparedModel, road: Road, output: Path, *, title: str, extra: str
) -> Made:
    """Converts a model by all steps of a road.

    Args:
        model: The model as it was prepared.
        road: The scripts, in order, and which of the model's programs they begin with.
        output: Path of the result without its suffix.
        title: Name of the engine, for messages.
        extra: The extra that installs it.

    Raises:
        ProgramNotFoundError: A converter is not installed.
        ProgramTimedOutError, ProgramAbortedError, ProgramCrashedError: A converter hung or died.
        ModelError: A converter refuses the model.
    """
    new_folder(output.parent)
    if not road.steps:
        raise ModelError(f"{title} has no converter called {road.name}")
    words = _Road(name=road.title, title=title, extra=extra)
    first, *others = road.steps
    source = _prefix_of_rewritten(model) if road.is_rewritten else model.prefix
    made = _run_first_step(model, source, first, words)
    if not others:
        return _copy_files(made, output)
    converters = [made.converter]
    for number, step in enumerate(others, start=1):
        last = number == len(others)
        target = output if last else output.with_name(f"{output.name}.{number}")
        made = _run_step(model, step, source, target, made, words)
        converters.append(made.converter)
    return msgspec.structs.replace(made, converter=", ".join(converters))


def _prefix_of_rewritten(model: PreparedModel) -> Path:
    """The prefix of the program that is rewritten for Paddle-Lite, with its parameters beside."""
    prefix = model.prefix.with_name(f"{model.prefix.name}.rewritten")
    copy_file(model.program, prefix.with_name(f"{prefix.name}.pdmodel"))
    copy_file(model.parameters, prefix.with_name(f"{prefix.name}.pdiparams"))
    return prefix


def _run_first_step(model: PreparedModel, source: Path, step: Path, words: _Road) -> Made:
    """What the first step of a road makes, once for all roads that begin so.

    It is kept beside the prepared model, in a folder that is the model's own.
    """
    target = source.with_name(f"{source.name}.{_converter_of(step)}")
    note = target.with_name(f"{target.name}.made.json")
    if note.exists():
        return msgspec.json.decode(note.read_bytes(), type=Made)
    made = _run_step(model, step, source, target, None, words)
    write_bytes(note, msgspec.json.encode(made))
    return made


def _copy_files(made: Made, output: Path) -> Made:
    """The same files under the names of a result."""
    files = [Path(name) for name in made.files]
    copies = [output.with_name(f"{output.name}{path.suffix}") for path in files]
    for path, copy in zip(files, copies, strict=True):
        copy_file(path, copy)
    return msgspec.structs.replace(made, files=tuple(map(str, copies)))


def _run_step(  # noqa: PLR0917 - one call that says all
    model: PreparedModel,
    step: Path,
    source: Path,
    target: Path,
    earlier: Made | None,
    words: _Road,
) -> Made:
    job = {
        "program": f"{source}.pdmodel",
        "parameters": f"{source}.pdiparams",
        "inputs": list(model.graph.feeds),
        "outputs": list(model.graph.fetches),
        "output": str(target),
        "earlier": None if earlier is None else msgspec.to_builtins(earlier),
    }
    found: list[Made] = []

    def read(line: bytes) -> None:
        if line.startswith(_MARK):
            found.append(msgspec.json.decode(line[len(_MARK) :], type=Made))

    with temporary_folder() as folder:
        path = folder / "job.json"
        path.write_text(json.dumps(job))
        completed = process.run(
            [converter_python(_converter_of(step)), "-I", str(step), str(path)],
            timeout_s=_TIMEOUT_S,
            folder=folder,  # some converters leave files where they run
            environment=_environment(),
            on_line=read,
        )
    if completed.status != 0 or not found:
        raise _failure(model, replace(words, converter=_converter_of(step)), completed)
    return _check_made(found[-1], words.title)


def _converter_of(step: Path) -> str:
    """Name of the converter that a step runs, which may have a Python of its own."""
    return step.parent.name.strip("_")


def _environment() -> dict[str, str]:
    """Variables that keep a converter from taking all cores, and Paddle from talking."""
    return {"GLOG_minloglevel": "2", "OMP_NUM_THREADS": "1"}


def _failure(
    model: PreparedModel, words: _Road, completed: process.CompletedProgram
) -> EdgeslimError:
    """The error of a converter that ended without a result."""
    lines = completed.errors.decode(errors="replace").strip().splitlines()
    reason = lines[-1].strip() if lines else "it ended without a word"
    if reason.startswith(_ABSENT):
        return ProgramNotFoundError(
            f"the converter {words.name} for {words.title} does not load ({reason}); "
            f"{install_command(words.extra)}, or name a Python that has it in "
            f"{variable_of(words.converter)}"
        )
    if completed.status > 128:
        return process.status_error(f"{words.name} at {model.name} for {words.title}", completed)
    return ModelError(
        f"{model.name} cannot be converted for {words.title} by {words.name}: {reason}"
    )


def install_command(extra: str) -> str:
    """The command that installs an engine with its converter."""
    return f"pip install 'edgeslim[{extra}]'"


def _check_made(made: Made, title: str) -> Made:
    for name in made.files:
        path = Path(name)
        if not path.exists() or path.stat().st_size == 0:
            raise NoOutputError(
                f"the converter for {title} said that it was done, and {path.name} is "
                f"{'empty' if path.exists() else 'missing'}"
            )
    return made
