"""What can be asked of an export, and what it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.apps import APPS, App
from edgeslim.conversion.model_source import parse_input_shapes
from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.inference.picture_options import PlainPictureOptions
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, parse_paths
from edgeslim.progress import SILENT, Progress

__all__ = ["ExportRequest", "Exported"]

_MODEL = Option("Model")
_SAMPLES = Option("Samples")

_MOST_SAMPLES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportRequest(PlainPictureOptions):
    """What can be asked of `export`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Folder of a run, or a model as deploy takes it."""
    app: Annotated[str, OPTION]
    """Kind of the app: android, ios, linux or python."""
    out: Annotated[Path, OPTION]
    """Folder for the app, which must not exist yet."""
    task: Annotated[str | None, OPTION] = None
    """How pictures are read, and class names: NAME, NAME:FOLDER or file.py; by default the run's
    own, if it has kept it."""
    input_shapes: Annotated[
        Mapping[str, Shape] | None, _MODEL("--input-shape", parse_all=parse_input_shapes)
    ] = None
    """Shape of an open input: 1,3,224,224; name=...; 1,16:int64."""
    precision: Annotated[str, _MODEL] = ""
    """fp32, int8, fp16 or int16; by default the model's own."""
    target: Annotated[str, _MODEL] = ""
    """arm or x86, of an app for both; by default arm, and x86 for python."""
    samples: Annotated[int, _SAMPLES] = 3
    """Number of the task's validation pictures that the app is compared by."""
    pictures: Annotated[Sequence[Path], _SAMPLES(parse_all=parse_paths)] = ()
    """A picture of your own instead; may be given several times."""
    inputs: Annotated[Path | None, _SAMPLES] = None
    """Inputs of your own instead of noise, for the proof and where there are no pictures: .npz with
    an array for each, or .npy for one."""
    progress: Progress = SILENT
    """Shows how far it is."""

    @property
    def reads_plain_pictures(self) -> bool:
        """Whether pixels have a mean and a scale that are given here."""
        return bool(self.mean or self.scale)

    def check(self) -> App:
        """The app, after everything that can be checked without the model.

        Raises:
            UnknownNameError: There is no such app.
            UsageError: The folder exists, a number is not possible, or options contradict.
            BadFileError: A picture is no file.
        """
        app = APPS.get(self.app)
        if self.out.exists() or self.out.is_symlink():
            raise UsageError(
                f"{self.out} exists already; give a new folder with --out, or remove it first"
            )
        if not 1 <= self.samples <= _MOST_SAMPLES:
            raise UsageError(f"--samples must be from 1 to {_MOST_SAMPLES}, not {self.samples}")
        for path in self.pictures:
            if not path.is_file():
                what = "is a folder" if path.is_dir() else "does not exist"
                raise BadFileError(f"{path} {what}; give pictures with --pictures")
        if self.reads_plain_pictures:
            if self.task is not None:
                raise UsageError("a task has a mean and a scale of its own; leave --mean out")
            if not self.pictures:
                raise UsageError("--mean and --scale are for pictures; give some with --pictures")
        return app

    def chosen_target(self, app: App) -> Target:
        """The kind of processor that the app is for.

        Raises:
            UnknownNameError, UsageError: There is no such kind, or the app does not run there.
        """
        if not self.target:
            return app.targets[0]
        names = [target.value for target in Target]
        if self.target not in names:
            raise UnknownNameError("target", self.target, names)
        if Target(self.target) not in app.targets:
            possible = ", ".join(target.value for target in app.targets)
            raise UsageError(f"--app {self.app} is for {possible}, not for {self.target}")
        return Target(self.target)


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """Result of an export.

    Args:
        folder: Folder of the app.
        app: Kind of the app.
        model: Short name of the model.
        kind: What the outputs are: ``classes``, ``boxes`` or ``tensors``.
        target: Kind of processor that the model is converted for.
        precision: Precision that it is converted to.
        size_bytes: Size of the converted file.
        proved_by: What proved the file right.
        preprocessing: Whether the app makes the input of a picture; otherwise it reads tensors.
        labels: Number of class names.
        samples: Number of samples with expected outputs.
        tolerance: Largest allowed difference of an output, as a share of its largest value.
        files: Paths of all files in the folder.
        compare: Command that compares the app with the expected outputs, in its folder.
        built: How far edgeslim's tests have built and run such an app.
        notes: What to know before it is shipped, a line each.
    """

    folder: Path
    app: str
    model: str
    kind: str
    target: Target
    precision: Precision
    size_bytes: int
    proved_by: tuple[str, ...]
    preprocessing: bool
    labels: int
    samples: int
    tolerance: float
    files: tuple[str, ...]
    compare: str
    built: str
    notes: tuple[str, ...]
