"""The whole of ``edgeslim quantize``: from a finished model to one for int8 kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_files import check_model_folder
from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.conversion.shape_options import ONLY_SHAPE
from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder, write_json
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, OptionsOf, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.progress import SILENT, Progress
from edgeslim.training._training_folder import working_folder
from edgeslim.training.quantization.calibration_images import draw_images
from edgeslim.training.quantization.recipe import AUTO, recipes_for
from edgeslim.training.quantization.record import QUANTIZATION_FILE, QuantizationRecord
from edgeslim.training.quantization.settings import QUANTIZATION, QuantizationSettings
from edgeslim.training.quantization.thresholds import METHODS
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.version import __version__

__all__ = ["Quantization", "QuantizeRequest", "quantize"]

_CALIBRATION = Option("Calibration")


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

    @staticmethod
    def of(model: Path, record: QuantizationRecord) -> Quantization:
        """The result that a record describes.

        Args:
            model: Folder of the quantized model.
            record: What was written beside it.
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
    progress: Progress = SILENT
    """Shows the progress of the evaluations."""

    def check(self) -> None:
        """Checks that the settings have an int8 kernel, and the numbers are possible.

        Raises:
            UsageError: They have none; a number or a method is not possible.
        """
        self.settings.check()
        if self.settings.int8_problem:
            raise UsageError(self.settings.int8_problem)
        for name, number in (("batches", self.batches), ("batch_size", self.batch_size)):
            if number < 1:
                raise UsageError(f"{name} must be at least 1, not {number}")
        known = sorted((AUTO, *METHODS))
        if self.method not in known:
            raise UsageError(f"method must be one of {', '.join(known)}, not {self.method!r}")


@called_with(QuantizeRequest)
def quantize(request: QuantizeRequest) -> Quantization:
    """Quantizes a model without training it, and evaluates it before and after.

    Raises:
        UsageError: Unknown names, numbers out of range, bits that no int8 kernel has; a model
            that is quantized already; a folder with another model.
        BadFileError: Files of model or task cannot be read.
        ModelError: The model cannot be run in dynamic mode or does not fit the task; it has
            nothing to quantize.
        ProgramError: The optimizer does not take the result.
    """
    request.check()
    out, progress = request.out, request.progress
    check_model_folder(out)
    found = find_task(request.task)
    source = find_model(request.model, num_classes=found.num_classes)
    load_paddle()
    from edgeslim.training.batch_check import check_batches
    from edgeslim.training.evaluation import evaluate
    from edgeslim.training.program_net import load_program_net
    from edgeslim.training.quantization.choose_recipe import choose_recipe
    from edgeslim.training.quantization.layerwise import LayerwiseCalibration

    with temporary_folder() as scratch, working_folder(out):
        check_model_folder(out)  # again: another process may have written one meanwhile
        shapes = None if request.input_shape is None else {"": request.input_shape}
        prepared = prepare(source, scratch / "before", input_shapes=shapes)
        check_memory(prepared.graph, prepared.name)
        net = load_program_net(prepared.prefix)
        data = found.data(net.only_shape(source.name), SPLIT_SEED)
        check_batches(net)
        images = draw_images(
            data.train,
            request.batches * request.batch_size,
            request.seed,
            classes=found.num_classes,
        )
        calibration = LayerwiseCalibration(
            lambda: load_program_net(prepared.prefix), images.seen, request.settings
        )
        recipes = recipes_for(
            request.method, learn=request.learn, scalable=calibration.has_scalable_activations
        )
        with progress.stage("calibration", len(recipes)) as stage:
            made, trials = choose_recipe(
                *(calibration, net, images, recipes),
                lambda trial: stage.advance(note=f"{trial.recipe.text}: {trial.snr_db:.1f} dB"),
            )
        with progress.stage("evaluation", 2) as stage:
            before = evaluate(net, data.validation, data.metric, on_share=stage.advance)
            after = evaluate(made.net, data.validation, data.metric, on_share=stage.advance)
        made.net.save(out / _STEM)
        again = prepare(SavedModel.at(out / _STEM), scratch / "after")
        bytes_before, bytes_after = _sizes((prepared, again), scratch)
        layers = tuple(dict.fromkeys(operator.weight for operator in made.net.quantizable))
        record = QuantizationRecord(
            model=request.model,
            task=request.task,
            settings=request.settings,
            trials=trials,
            chosen=[trial.recipe for trial in trials].index(made.recipe),
            metric=found.metric_name,
            before=before,
            after=after,
            examples=len(data.validation),
            layers=layers,
            in_floats=tuple(n for n in _weights_of_products(prepared) if n not in layers),
            bytes_before=bytes_before,
            bytes_after=bytes_after,
            created=now(),
            edgeslim=__version__,
        )
        write_json(out / QUANTIZATION_FILE, record)
    return Quantization.of(out, record)


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
