"""What rounding costs layer by layer, as values and as a file that goes on. Needs no Paddle.

The file is JSON Lines: its context first, then a line for each layer as soon as it is measured, so
that the same command goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.files import AppendOnlyFile
from edgeslim.row_files import RowFormat
from edgeslim.training.quantization.recipe import Recipe
from edgeslim.training.quantization.settings import QuantizationSettings

__all__ = [
    "ErrorsContext",
    "ErrorsFile",
    "Explanation",
    "LayerError",
    "WholeMetrics",
    "by_loss",
    "costs_of",
]

_SCHEMA = 1


class LayerError(msgspec.Struct, frozen=True, kw_only=True, tag="layer", tag_field="row"):
    """What rounding one layer costs.

    Args:
        weight: Name of its weight.
        output: Name of the tensor that it writes.
        kind: Kind of the operator.
        snr_alone_db: Signal over noise of what it writes if only this layer is rounded.
        snr_accumulated_db: The same if all layers are rounded.
        scale: Scale of its input: the largest magnitude that is not clipped.
        largest: Largest magnitude of its input.
        clipped: Share of the values of its input that are cut off by more than half a step.
        loss_alone: What the metric loses if only this layer is rounded.
        loss_others: What the metric loses if all layers but this one are rounded.
        macs: Multiply-accumulates of the layer for one picture; 0 until they are added.
        float_ms: What it takes in floats by a latency table, in milliseconds; None if that is not
            known.
    """

    weight: str
    output: str
    kind: str
    snr_alone_db: float
    snr_accumulated_db: float
    scale: float
    largest: float
    clipped: float
    loss_alone: float
    loss_others: float
    macs: int = 0
    float_ms: float | None = None


class ErrorsContext(msgspec.Struct, frozen=True, kw_only=True, tag="context", tag_field="row"):
    """What the errors of layers were measured with; those of different contexts are never mixed.

    Args:
        model: Fingerprint of the network in floats.
        data: Fingerprint of the task's examples.
        task: The task, as on the command line.
        settings: Bits, types of scales, and layers that are left out.
        recipe: How the network was calibrated.
        calibrated: Number of images that it was calibrated by.
        images: Number of examples that losses were measured on.
        seed: Seed that chose them.
        metric: Name of the task's metric.
        schema: Version of the file's format.
    """

    model: str
    data: str
    task: str
    settings: QuantizationSettings
    recipe: Recipe
    calibrated: int
    images: int
    seed: int
    metric: str
    schema: int = _SCHEMA


class WholeMetrics(msgspec.Struct, frozen=True, kw_only=True, tag="baseline", tag_field="row"):
    """What the errors of layers are compared with.

    Args:
        in_floats: The metric of the network in floats.
        all_rounded: The metric with all layers rounded.
    """

    in_floats: float
    all_rounded: float


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What rounding costs, layer by layer.

    Args:
        images: Number of examples that losses were measured on.
        in_floats: The metric of the network in floats, on these.
        all_rounded: The metric with all layers rounded.
        layers: The layers, those that cost most first.
        table: Path of the latency table; empty without one.
    """

    images: int
    in_floats: float
    all_rounded: float
    layers: tuple[LayerError, ...]
    table: str = ""


def by_loss(layers: Sequence[LayerError]) -> tuple[LayerError, ...]:
    """Layers by what rounding them alone loses, for each millisecond if that is known of all.

    Of layers that lose equally, the one with more noise comes first.
    """
    timed = all(layer.float_ms for layer in layers)

    def key(layer: LayerError) -> tuple[float, float]:
        loss = layer.loss_alone
        return -loss / (layer.float_ms or 1.0) if timed else -loss, layer.snr_alone_db

    return tuple(sorted(layers, key=key))


def costs_of(layers: Sequence[LayerError]) -> list[float]:
    """What int8 can save of each layer at most.

    That is the milliseconds that it takes in floats, or where these are not known of all layers,
    its multiply-accumulates.
    """
    times = [layer.float_ms for layer in layers]
    known = [spent for spent in times if spent is not None]
    return known if len(known) == len(times) else [float(layer.macs) for layer in layers]


_Row = ErrorsContext | WholeMetrics | LayerError
_ROWS: RowFormat[_Row] = RowFormat(
    decoder=msgspec.json.Decoder(_Row), newest=_SCHEMA, denial="no file of errors by layer"
)


class ErrorsFile:
    """A file of errors by layer, read once and added to.

    Args:
        path: Path of the file.
        rows: All lines but the first, which is the context.

    Attributes:
        layers: The layers in it, by the name of their output, without what they cost in floats:
            the table that says it may be another one each time.
        baseline: What they are compared with; None if it is not measured yet.
    """

    def __init__(self, path: Path, rows: Sequence[_Row] = ()) -> None:
        self.path = path
        self.layers = {
            row.output: _without_costs(row) for row in rows if isinstance(row, LayerError)
        }
        self.baseline = next((row for row in rows if isinstance(row, WholeMetrics)), None)

    @staticmethod
    def open(path: Path, context: ErrorsContext) -> ErrorsFile:
        """Opens a file to go on with, or begins one.

        Raises:
            ContextMismatchError: It has another context; the message names what differs.
            BadFileError: It is no such file.
            UnwritableError: Read-only folder, full disk.
        """
        if AppendOnlyFile(path).create(msgspec.json.encode(context)):
            return ErrorsFile(path)
        (there, *rows), _ = _ROWS.read(path)
        if not isinstance(there, ErrorsContext):
            raise BadFileError(f"{path}:1: a file of errors by layer begins with its context")
        for name in ErrorsContext.__struct_fields__:
            theirs, mine = getattr(there, name), getattr(context, name)
            if theirs != mine:
                raise ContextMismatchError(
                    f"{path} was begun with {name} {theirs}, not {mine}; remove it, or "
                    "give another --out"
                )
        return ErrorsFile(path, rows)

    def add_baseline(self, baseline: WholeMetrics) -> WholeMetrics:
        """Adds what layers are compared with, which is on the disk when this returns."""
        AppendOnlyFile(self.path).append(msgspec.json.encode(baseline))
        self.baseline = baseline
        return baseline

    def add(self, layer: LayerError) -> None:
        """Adds a layer, which is on the disk when this returns."""
        fields = msgspec.to_builtins(layer)
        row = {name: value for name, value in fields.items() if name not in _COSTS}
        AppendOnlyFile(self.path).append(msgspec.json.encode(row))
        self.layers[layer.output] = _without_costs(layer)


_COSTS = ("macs", "float_ms")
"""Fields that no file has; those of earlier versions had them."""


def _without_costs(layer: LayerError) -> LayerError:
    """A layer without what it costs in floats."""
    return msgspec.structs.replace(layer, macs=0, float_ms=None)
