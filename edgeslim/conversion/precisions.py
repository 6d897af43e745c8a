"""Precisions that a model can be converted to for a target, and the meaning of their names.

By ``int8`` users mean integer kernels, and only a quantized model has them: its program has the
scale of each tensor. From a float model `opt` can only make a smaller file, with weights stored as
integers, which is called ``int8-weights`` wherever it is shown. A quantized model contains a float
one, the same without rounding, which any other precision is made from.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.errors import ModelError, UnknownNameError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.files import new_folder, write_bytes, write_files
from edgeslim.lite.optimized_model import OptimizedModel
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.lite_rewrite import rewrite_for_lite
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.quantized_program import without_rounding
from edgeslim.targets import Place

__all__ = [
    "PRECISION_NAMES",
    "check_kernels",
    "is_quantized",
    "model_for_precision",
    "precisions_of",
    "rewrite_for_place",
]

_SHORT = {"int16": Precision.INT16_WEIGHTS}
PRECISION_NAMES = (*(precision.value for precision in Precision), *_SHORT)
"""Names of precisions; for a float model ``int8`` and ``int16`` mean its weights alone."""

_KERNELS = {Precision.FP16: "fp16", Precision.INT8: "int8"}

_QUANTIZING = ("fake_quantize", "fake_dequantize", "fake_channel_wise", "quantize_linear")
"""Starts of the kinds of operators that have the scale of a tensor."""


def precisions_of(
    asked: Sequence[str], model: PreparedModel, target: Target
) -> tuple[Precision, ...]:
    """Precisions by their names for a model; without names its own: fp32, or int8.

    Raises:
        UnknownNameError: There is no such precision.
        UsageError: The target or the model cannot have one of them, or one is given twice.
    """
    quantized = is_quantized(model)
    if not asked:
        return (Precision.INT8 if quantized else Precision.FP32,)
    found = tuple(_parse_precision(name, target, quantized=quantized) for name in asked)
    for precision in found:
        if found.count(precision) > 1:
            same = [name for name, other in zip(asked, found, strict=True) if other is precision]
            raise UsageError(f"{' and '.join(same)} are the same precision; give it once")
    return found


def _parse_precision(name: str, target: Target, *, quantized: bool) -> Precision:
    if name not in PRECISION_NAMES:
        raise UnknownNameError("precision", name, PRECISION_NAMES)
    precision = _SHORT.get(name) or Precision(name)
    if precision is Precision.FP16 and target is not Target.ARM:
        raise UsageError(
            f"Paddle-Lite has fp16 kernels for arm only, not for {target.value}; leave fp16 out"
        )
    if not quantized and precision is Precision.INT8:
        return Precision.INT8_WEIGHTS
    return precision


def is_quantized(model: PreparedModel) -> bool:
    """Whether a model is quantized: its program has the scales of tensors."""
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    return any(op.type.startswith(_QUANTIZING) for block in program.blocks for op in block.ops)


def model_for_precision(model: PreparedModel, precision: Precision, folder: Path) -> PreparedModel:
    """The model that is converted to a precision, and whose outputs say what is right.

    It is the model itself, except for float precisions of a quantized one: these are made from
    the same model without rounding, in ``folder``.

    Raises:
        ModelError: Its rounding cannot be removed.
    """
    if precision is Precision.INT8 or not is_quantized(model):
        return model
    program = without_rounding(read_program(model.prefix.with_suffix(".pdmodel")))
    new_folder(folder)
    write_bytes(folder / "model.pdmodel", program.SerializeToString())
    shutil.copyfile(model.prefix.with_suffix(".pdiparams"), folder / "model.pdiparams")
    floats = prepare(SavedModel.at(folder / "model", name=model.name), folder)
    if is_quantized(floats):
        raise ModelError(
            f"{model.name} is quantized by operators that cannot be taken out, so that there is no "
            f"{precision.value} of it; give the float model that it was made of"
        )
    return replace(floats, given=model.given)


def rewrite_for_place(model: PreparedModel, place: Place, folder: Path) -> PreparedModel:
    """Rewrites a model for the precision and kernels of a place; the model itself, or a copy.

    Args:
        model: The model that `model_for_precision` gave for the precision.
        place: Kernels, precision and threads that will run it.
        folder: Folder for the program and the parameters of a copy.
    """
    draft = Draft(read_program(model.program), model.parameters, place)
    changes = rewrite_for_lite(draft)
    if not changes:
        return model
    program = folder / f"{model.program.stem}.{place.precision.value}{model.program.suffix}"
    files = {program: draft.program.SerializeToString()}
    parameters, changed = model.parameters, draft.changed_parameters()
    if changed is not None:
        parameters = program.with_suffix(".pdiparams")
        files[parameters] = changed
    write_files(files)
    return replace(
        model,
        program=program,
        parameters=parameters,
        changes=(*model.changes, *changes),
        rewritten=(*model.rewritten, *draft.noted),
    )


def check_kernels(name: str, facts: OptimizedModel, precision: Precision) -> None:
    """Checks that a file has kernels of its precision.

    Raises:
        ModelError: It has none of them.
    """
    wanted = _KERNELS.get(precision)
    if wanted is not None and wanted not in facts.computes_in:
        raise ModelError(
            f"opt made no {wanted} kernels of {name}; the file computes in "
            f"{' and '.join(facts.computes_in) or 'nothing'}"
        )
