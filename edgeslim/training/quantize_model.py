"""The whole of ``edgeslim quantize``: from a finished model to one for int8 kernels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from edgeslim.conversion.model_files import check_model_folder
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.conversion.shape_options import ONLY_SHAPE
from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.files import encode_json, read_bytes, temporary_folder, write_files
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, OptionsOf, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.training._training_folder import working_folder
from edgeslim.training.quantization.calibration_images import draw_images
from edgeslim.training.quantization.layer_costs import layer_costs
from edgeslim.training.quantization.layer_errors import Explanation
from edgeslim.training.quantization.recipe import AUTO
from edgeslim.training.quantization.record import QUANTIZATION_FILE, QuantizationRecord
from edgeslim.training.quantization.settings import QUANTIZATION, QuantizationSettings
from edgeslim.training.quantization.thresholds import METHODS
from edgeslim.training.tasks import SPLIT_SEED, Task, find_task
from edgeslim.version import __version__

if TYPE_CHECKING:
    from edgeslim.training.quantization.work import QuantizationWork, QuantizedPart

__all__ = ["Quantization", "QuantizeRequest", "advice_for", "quantize"]

_CALIBRATION = Option("Calibration")
_LAYERS = Option("Layer by layer")
_POINTS = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*%?\s*")


def _parse_points(text: str) -> float:
    """Parses a loss in percentage points, like ``0.5`` or ``0.5%``."""
    match = _POINTS.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise UsageError(f"max-loss is a loss in percentage points like 0.5, not {text!r}")
    return float(match[1]) / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantization:
    """Result of a quantization.

    Args:
        model: Folder of the quantized model.
        task: The task as it was named.
        before: Metrics of the model by name, from 0 to 1.
        after: Metrics of the quantized model.
        examples: Number of examples that both were evaluated on.
        layers: Names of the weights that are rounded.
        in_floats: Names of weights of convolutions and fully connected layers that are not.
        bytes_before: Size of the model in bytes when it is converted for ``arm``.
        bytes_after: Size of the quantized model when it is converted for ``arm``.
        chosen: How it was calibrated, in words.
        tried: Signal over noise of each way of calibration in decibels, by its words.
        explanation: What rounding costs layer by layer, if that was measured.
        advice: What to know before it is deployed, as sentences.
    """

    model: Path
    task: str
    before: dict[str, float]
    after: dict[str, float]
    examples: int
    layers: tuple[str, ...]
    in_floats: tuple[str, ...]
    bytes_before: int
    bytes_after: int
    chosen: str
    tried: dict[str, float]
    explanation: Explanation | None = None
    advice: tuple[str, ...] = ()

    @staticmethod
    def of(model: Path, record: QuantizationRecord, advice: Sequence[str] = ()) -> Quantization:
        """The result that a record describes.

        Args:
            model: Folder of the quantized model.
            record: What was written beside it.
            advice: What to know before it is deployed.
        """
        return Quantization(
            model=model,
            task=record.task,
            before={record.metric: record.before},
            after={record.metric: record.after},
            examples=record.examples,
            layers=record.layers,
            in_floats=record.in_floats,
            bytes_before=record.bytes_before,
            bytes_after=record.bytes_after,
            chosen=record.trials[record.chosen].recipe.text,
            tried={trial.recipe.text: trial.snr_db for trial in record.trials},
            explanation=record.explanation,
            advice=tuple(advice),
        )


_EIGHT_BITS = QuantizationSettings()


@dataclass(frozen=True, kw_only=True, slots=True)
class QuantizeRequest:
    """What can be asked of `quantize`."""

    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """Saved model, file.py:function, or a name."""
    task: Annotated[str, OPTION]
    """Task to evaluate on: NAME, NAME:FOLDER with its images, or file.py of your own."""
    out: Annotated[Path, OPTION]
    """Folder for the quantized model; it may hold no other."""
    input_shape: Annotated[Shape | None, ONLY_SHAPE] = None
    """Input shape of the network, if the model leaves it open: 1,3,224,224."""
    method: Annotated[str, QUANTIZATION] = AUTO
    """How scales of activations are found: mse, histogram, abs_max or kl alone, or auto: several
    ways are tried with images that are held out, and the best is kept."""
    learn: Annotated[bool, QUANTIZATION("--learn-rounding")] = False
    """Try to learn as well, layer by layer, which weights are rounded up and which down."""
    settings: Annotated[QuantizationSettings, OptionsOf(QuantizationSettings)] = _EIGHT_BITS
    """Bits, types of scales, and layers left out; by default 8 bits, and a scale for each channel
    of weights."""
    batches: Annotated[int, _CALIBRATION] = 16
    """Batches of training examples for the calibration."""
    batch_size: Annotated[int, _CALIBRATION] = 32
    """Examples of a batch."""
    seed: Annotated[int, _CALIBRATION] = 0
    """Seed that selects the examples."""
    explain: Annotated[bool, _LAYERS] = False
    """Measure what rounding costs, layer by layer."""
    images: Annotated[int, _LAYERS] = 1000
    """Validation examples that losses of layers are measured on, at most."""
    max_loss: Annotated[float | None, _LAYERS(parse=_parse_points)] = None
    """What the metric may lose: 0.5 or 0.5%, which is 0.005 of an accuracy. If it loses more, the
    layers that cost least time and lose most stay in floats."""
    table: Annotated[Path | None, _LAYERS] = None
    """Latency table that says what layers take; without it, multiply-accumulates count."""
    progress: Progress = SILENT
    """Shows the progress of calibration, evaluations and layers."""

    def check(self) -> None:
        """Checks that the settings have an int8 kernel, and the numbers are possible.

        Raises:
            UsageError: They have none; a number or a method is not possible.
        """
        self.settings.check()
        if self.settings.int8_problem:
            raise UsageError(self.settings.int8_problem)
        for name in ("batches", "batch_size", "images"):
            number = getattr(self, name)
            if number < 1:
                raise UsageError(f"{name} must be at least 1, not {number}")
        if self.max_loss is not None and not 0 <= self.max_loss <= 1:
            raise UsageError(f"max_loss must be from 0 to 1, not {self.max_loss:g}")
        known = sorted((AUTO, *METHODS))
        if self.method not in known:
            raise UsageError(f"method must be one of {', '.join(known)}, not {self.method!r}")


@called_with(QuantizeRequest)
def quantize(request: QuantizeRequest) -> Quantization:
    """Quantizes a model without training it, and evaluates it before and after.

    Layers that were explained are kept in a file in the folder until the model is written, so
    that the same command goes on where it was.

    Raises:
        UsageError: Unknown names, numbers out of range, bits that no int8 kernel has; a model
            that is quantized already; a folder with another model; pictures that show nothing.
        BadFileError: Files of model, task or table cannot be read.
        ModelError: The model cannot be run in dynamic mode or does not fit the task; it has
            nothing to quantize; it loses more than is allowed whatever stays in floats.
        ProgramError: The optimizer does not take the result.
    """
    request.check()
    out = request.out
    check_model_folder(out)
    found = find_task(request.task)
    source = find_model(request.model, num_classes=found.num_classes)
    table = None if request.table is None else LatencyTable.read(request.table)
    load_paddle()
    with temporary_folder() as scratch, working_folder(out):
        check_model_folder(out)  # again: another process may have written one meanwhile
        shapes = None if request.input_shape is None else {"": request.input_shape}
        prepared = prepare(source, scratch / "before", input_shapes=shapes)
        check_memory(prepared.graph, prepared.name)
        work = _work_on(request, prepared, found)
        before = work.evaluate(work.load(), "evaluation, in floats")
        part, explanation = _quantize_part(request, work, before, prepared, table)
        quantized = scratch / "quantized"
        quantized.mkdir()
        part.model.net.save(quantized / _STEM)
        again = prepare(SavedModel.at(quantized / _STEM), scratch / "after")
        bytes_before, bytes_after = _sizes((prepared, again), scratch)
        layers = tuple(dict.fromkeys(one.weight for one in part.model.net.quantizable))
        record = QuantizationRecord(
            model=request.model,
            task=request.task,
            settings=part.settings,
            trials=part.trials,
            chosen=[trial.recipe for trial in part.trials].index(part.model.recipe),
            metric=found.metric_name,
            before=before,
            after=part.after,
            examples=len(work.data.validation),
            layers=layers,
            in_floats=tuple(n for n in _weights_of_products(prepared) if n not in layers),
            bytes_before=bytes_before,
            bytes_after=bytes_after,
            max_loss=request.max_loss,
            explanation=explanation,
            created=now(),
            edgeslim=__version__,
        )
        # All or nothing, the program last: with it, the folder is refused as another model's.
        files = {out / file.name: read_bytes(file) for file in sorted(quantized.iterdir())}
        write_files({out / QUANTIZATION_FILE: encode_json(record), **files})
        (out / _ERRORS).unlink(missing_ok=True)
    return Quantization.of(out, record, advice_for(request, table))


def _work_on(request: QuantizeRequest, prepared: PreparedModel, task: Task) -> QuantizationWork:
    """What the network is quantized with, when it has been found to fit the task."""
    from edgeslim.training.batch_check import check_batches
    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.quantization.work import QuantizationWork

    net = load_program_net(prepared.prefix)
    data = task.data(net.only_shape(prepared.name), SPLIT_SEED)
    check_batches(net)
    images = draw_images(
        data.train, request.batches * request.batch_size, request.seed, classes=task.num_classes
    )
    return QuantizationWork(
        prefix=prepared.prefix,
        task=request.task,
        metric=task.metric_name,
        data=data,
        images=images,
        settings=request.settings,
        method=request.method,
        learn=request.learn,
        progress=request.progress,
    )


def _quantize_part(
    request: QuantizeRequest,
    work: QuantizationWork,
    before: float,
    prepared: PreparedModel,
    table: LatencyTable | None,
) -> tuple[QuantizedPart, Explanation | None]:
    """The quantized network, within what may be lost, and what rounding costs if that is asked."""
    whole = work.quantize()
    limit = request.max_loss
    loses_too_much = limit is not None and before - whole.after > limit
    if not request.explain and not loses_too_much:
        return whole, None
    explanation = work.explain(
        whole,
        layer_costs(prepared, table),
        images=request.images,
        seed=request.seed,
        file=request.out / _ERRORS,
    )
    if limit is None or not loses_too_much:
        return whole, explanation
    return work.keep_floats(whole, explanation, before=before, max_loss=limit), explanation


def advice_for(request: QuantizeRequest, table: LatencyTable | None) -> list[str]:
    """What to try with few bits, and what speaks against int8 where the model is to run."""
    bits, found = request.settings.weight_bits, []
    if bits < _X86_BITS and not request.learn:
        found.append(f"weights of {bits} bits lose less with learned rounding: --learn-rounding")
    if bits <= _X86_BITS or (table is not None and table.context.execution.target is Target.X86):
        slower = "on x86 Paddle-Lite's int8 kernels are slower than those for floats"
        found.append(
            f"{slower}; deploy the model as it came there: edgeslim deploy {request.model}"
        )
    return found


_X86_BITS = 7
"""More bits of weights are not computed rightly on x86."""
_ERRORS = "layer_errors.jsonl"
_STEM = "model"
_PRODUCTS = {
    "conv2d": "Filter",
    "depthwise_conv2d": "Filter",
    "conv2d_transpose": "Filter",
    "matmul": "Y",
    "matmul_v2": "Y",
    "mul": "Y",
}


def _weights_of_products(model: PreparedModel) -> tuple[str, ...]:
    """Names of all weights that are multiplied with activations."""
    return tuple(
        dict.fromkeys(
            name
            for node in model.graph.nodes
            for name in node.weights.get(_PRODUCTS.get(node.spec.kind, ""), ())
        )
    )


def _sizes(models: Sequence[PreparedModel], folder: Path) -> list[int]:
    """Sizes in bytes of models as the optimizer writes them for ``arm``."""
    return [
        optimize(model, Target.ARM, folder / f"size{index}").facts.size_bytes
        for index, model in enumerate(models)
    ]
