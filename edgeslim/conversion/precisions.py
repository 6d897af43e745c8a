"""Which precisions a model can be converted to for a target, and what is meant by a name.

Of ``int8`` a user wants kernels of integers, and only a quantized model has them: its program
says by what each tensor is scaled. Of a float model all that `opt` can make is smaller: weights
stored as integers, which is called ``int8-weights`` wherever it is shown. A quantized model has a
float one in it, the same without rounding, which is what any other precision is of.
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
from edgeslim.files import new_folder, write_bytes, write_together
from edgeslim.lite.optimized_model import OptimizedModel
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.lite_rewrite import rewrite_for_lite
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.quantized_program import without_rounding
from edgeslim.targets import Place

__all__ = [
    "ASKABLE",
    "check_kernels",
    "is_quantized",
    "model_in",
    "precisions_of",
    "written_for",
]

_SHORT = {"int16": Precision.INT16_WEIGHTS}
ASKABLE = (*(each.value for each in Precision), *_SHORT)
"""Names of precisions; ``int8`` and ``int16`` of a float model are its weights' alone."""

_KERNELS = {Precision.FP16: "fp16", Precision.INT8: "int8"}

_QUANTIZING = ("fake_quantize", "fake_dequantize", "fake_channel_wise", "quantize_linear")
"""How operators begin that say by what a tensor is scaled."""


def precisions_of(
    asked: Sequence[str], model: PreparedModel, target: Target
) -> tuple[Precision, ...]:
    """What names of precisions mean for a model; without names, its own: fp32, or int8.

    Raises:
        UnknownNameError: No such precision.
        UsageError: One that the target or the model cannot have, or one twice.
    """
    quantized = is_quantized(model)
    if not asked:
        return (Precision.INT8 if quantized else Precision.FP32,)
    found = tuple(_meant(name, target, quantized=quantized) for name in asked)
    for precision in found:
        if found.count(precision) > 1:
            same = [name for name, each in zip(asked, found, strict=True) if each is precision]
            raise UsageError(f"{' and '.join(same)} are the same precision; give it once")
    return found


def _meant(name: str, target: Target, *, quantized: bool) -> Precision:
    if name not in ASKABLE:
        raise UnknownNameError("precision", name, ASKABLE)
    precision = _SHORT.get(name) or Precision(name)
    if precision is Precision.FP16 and target is not Target.ARM:
        raise UsageError(
            f"Paddle-Lite has fp16 kernels for arm only, not for {target.value}; leave fp16 out"
        )
    if not quantized and precision is Precision.INT8:
        return Precision.INT8_WEIGHTS
    return precision


def is_quantized(model: PreparedModel) -> bool:
    """Whether a model says by what its tensors are scaled."""
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    return any(op.type.startswith(_QUANTIZING) for block in program.blocks for op in block.ops)


def model_in(model: PreparedModel, precision: Precision, folder: Path) -> PreparedModel:
    """The model that is converted to a precision, and whose outputs are what it should give.

    It is the model itself, but for floats of a quantized one: these are of the same without
    rounding, in ``folder``.

    Raises:
        ModelError: It rounds in a way that cannot be taken out.
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


def written_for(model: PreparedModel, place: Place, folder: Path) -> PreparedModel:
    """A model as it is converted to a precision for a place; the model itself, or a copy.

    Args:
        model: The model that `model_in` gave for the precision.
        place: Where it is to run, and in which precision.
        folder: Where a copy's program and parameters go.
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
    write_together(files)
    return replace(
        model,
        program=program,
        parameters=parameters,
        changes=(*model.changes, *changes),
        rewritten=(*model.rewritten, *draft.noted),
    )


def check_kernels(name: str, facts: OptimizedModel, precision: Precision) -> None:
    """Proves that a file has the kernels that its precision promises.

    Raises:
        ModelError: It has none of them.
    """
    wanted = _KERNELS.get(precision)
    if wanted is not None and wanted not in facts.computes_in:
        raise ModelError(
            f"opt made no {wanted} kernels of {name}; the file computes in "
            f"{' and '.join(facts.computes_in) or 'nothing'}"
        )
