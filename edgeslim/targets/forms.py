"""Forms of operators that Paddle saves and Paddle-Lite cannot read."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.opspec import Attribute
from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Law, Operator, is_any

__all__ = [
    "ATTRIBUTES_LEFT_OUT",
    "AXES_OF_BOOLEANS",
    "CONSTANTS_OF_ANY_TYPE",
    "CONSTANTS_WITHOUT_AXES",
    "CONSTANT_LISTS",
    "DEFAULTS",
    "DOUBLES",
    "FACTOR_TENSORS",
    "LAWS",
    "NORMS_WITHOUT_WEIGHTS",
    "OTHER_NAMES",
    "OUTPUTS_LEFT_OUT",
    "PARAMETERS_COMPUTED",
    "PARAMETERS_WITHOUT_AXES",
    "SCRATCH",
    "SHAPES_WITHOUT_AXES",
]

DEFAULTS: Mapping[str, Mapping[str, Attribute]] = {
    # Stripped as "extra" when a model is saved with Paddle's defaults …
    "relu6": {"threshold": 6.0},
    "swish": {"beta": 1.0},
    "dropout": {"fix_seed": False, "seed": 0, "is_test": True},
    # … and what models of older versions or other tools leave out.
    "hard_swish": {"threshold": 6.0, "scale": 6.0, "offset": 3.0},
    "leaky_relu": {"alpha": 0.02},
    "batch_norm": {"is_test": True},
    "matmul_v2": {"trans_x": False, "trans_y": False},
    "pool2d": {"adaptive": False, "ceil_mode": False, "exclusive": True},
}
"""Attributes that may be left out at these values, by operator."""

SCRATCH: Mapping[str, tuple[str, ...]] = {
    "dropout": ("Mask",),
    "flatten2": ("XShape",),
    "flatten_contiguous_range": ("XShape",),
    "instance_norm": ("SavedMean", "SavedVariance"),
    "reshape2": ("XShape",),
    "squeeze2": ("XShape",),
    "transpose2": ("XShape",),
    "unsqueeze2": ("XShape",),
}
"""Slots of outputs that no operator reads, by operator."""

CONSTANT_LISTS = {0: "bool_values", 2: "int32_values", 3: "int64_values", 5: "fp32_values"}
"""The attribute in which Paddle-Lite looks for constants, by Paddle's number of their type."""


def _lacks_attributes(operator: Operator) -> bool:
    return not DEFAULTS[operator.kind].keys() <= operator.attributes.keys()


def _lacks_outputs(operator: Operator) -> bool:
    return not set(SCRATCH[operator.kind]) <= operator.outputs.keys()


def _has_one_list(operator: Operator) -> bool:
    name = CONSTANT_LISTS.get(operator.attribute("dtype", -1))
    return name is not None and name not in operator.attributes


def _has_no_axes(operator: Operator) -> bool:
    return not operator.inputs and operator.attribute("shape", (1,)) == ()


def _lacks_weights(operator: Operator) -> bool:
    return not {"Scale", "Bias"} <= operator.inputs.keys()


def _is_reshaped_to_none(operator: Operator) -> bool:
    return operator.inputs.keys() == {"X"} and operator.attribute("shape", (1,)) == ()


def _reads_without_axes(operator: Operator) -> bool:
    return any(() in operator.inputs.get(slot, ()) for slot in operator.constants)


ATTRIBUTES_LEFT_OUT = Law(
    name="attributes-left-out",
    operators=tuple(DEFAULTS),
    condition="without attributes that have their default value",
    meets=_lacks_attributes,
    happens="they are read anyway, which aborts or crashes",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="default-attributes",
    form="with its attributes",
    source="lite/operators/activation_ops.cc and others beside it",
)

OUTPUTS_LEFT_OUT = Law(
    name="outputs-left-out",
    operators=tuple(SCRATCH),
    condition="without outputs that nothing reads",
    meets=_lacks_outputs,
    happens="they are looked up anyway, which aborts or crashes, or nothing is fused",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="scratch-outputs",
    form="with its outputs",
    source="lite/operators/reshape_op.cc and others beside it",
)

OTHER_NAMES = Law(
    name="other-names",
    operators=(
        *("bmm", "brelu", "channel_shuffle", "depthwise_conv2d_transpose"),
        *("reduce_amax", "reduce_amin"),
    ),
    condition="always",
    meets=is_any,
    happens="the kernels for it have another name",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="other-names",
    form="under the name that its kernels have",
    source="the list of operators of the runtime",
)

CONSTANTS_OF_ANY_TYPE = Law(
    name="constants-of-any-type",
    operators=("assign_value",),
    condition="with its constants in one list for all types, as Paddle 3 saves them",
    meets=_has_one_list,
    happens="they are looked up in a list for their type, which is missing",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="listed-constants",
    form="with its constants in the list of their type",
    source="lite/operators/assign_value_op.cc",
)

CONSTANTS_WITHOUT_AXES = Law(
    name="constants-without-axes",
    operators=("fill_constant",),
    condition="without axes",
    meets=_has_no_axes,
    happens="it is converted, and ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="constants-without-axes",
    form="with one axis",
    source="lite/operators/fill_constant_op.cc",
)

AXES_OF_BOOLEANS = Law(
    name="axes-of-truth",
    operators=("reduce_all", "reduce_any"),
    condition="with axes of 64 bits",
    meets=None,
    happens="they are read as 32 bits",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="narrow-numbers",
    form="with axes in 32 bits",
    source="lite/operators/reduce_ops.cc",
)

DOUBLES = Law(
    name="doubles",
    operators=(),
    condition="that makes or reads float64 tensors which are no input of the network",
    meets=None,
    happens="there are no kernels for them, which ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="narrow-numbers",
    form="in single precision",
    source="PRECISION(kFP64), of which few kernels are registered",
)

NORMS_WITHOUT_WEIGHTS = Law(
    name="norms-without-weights",
    operators=("batch_norm", "layer_norm"),
    condition="without factors or offsets",
    meets=_lacks_weights,
    happens="opt crashes",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="missing-weights",
    form="with factors of 1 and offsets of 0",
    mend="build it with weights and bias",
    source="lite/operators/layer_norm_op.cc, lite/operators/batch_norm_op.cc",
)

FACTOR_TENSORS = Law(
    name="factor-tensors",
    operators=("scale",),
    condition="by a tensor",
    meets=lambda operator: "ScaleTensor" in operator.inputs,
    happens="the tensor is not read",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="factor-tensors",
    form="as a product",
    source="lite/operators/scale_op.cc",
)

PARAMETERS_COMPUTED = Law(
    name="parameters-computed",
    operators=(),
    condition="that reads a tensor computed from parameters alone, such as by weight_norm",
    meets=None,
    happens="it is computed in every run and not fused, and opt for arm crashes on some",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="computed-parameters",
    form="with parameters that are computed once",
    source="lite/core/optimizer/mir/fusion, where only stored filters are matched",
)

SHAPES_WITHOUT_AXES = Law(
    name="shapes-without-axes",
    operators=("reshape", "reshape2"),
    condition="to no axes",
    meets=_is_reshaped_to_none,
    happens="it is converted, and ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="constants-without-axes",
    form="to one axis",
    source="lite/operators/reshape_op.cc",
)

PARAMETERS_WITHOUT_AXES = Law(
    name="parameters-without-axes",
    operators=(),
    condition="that reads a parameter without axes",
    meets=_reads_without_axes,
    happens="it ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="parameters-without-axes",
    form="with a parameter of one axis",
    source="lite/operators/elementwise_ops.cc",
)

LAWS = (
    ATTRIBUTES_LEFT_OUT,
    OUTPUTS_LEFT_OUT,
    OTHER_NAMES,
    CONSTANTS_OF_ANY_TYPE,
    CONSTANTS_WITHOUT_AXES,
    AXES_OF_BOOLEANS,
    DOUBLES,
    NORMS_WITHOUT_WEIGHTS,
    FACTOR_TENSORS,
    PARAMETERS_COMPUTED,
    PARAMETERS_WITHOUT_AXES,
    SHAPES_WITHOUT_AXES,
)
