"""Saving networks, closing open shapes, and running saved models in Paddle."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.files import write_bytes
from edgeslim.ops import known_kinds
from edgeslim.opspec import Shape, declared_type
from edgeslim.paddle_io.array_operands import array_operands
from edgeslim.paddle_io.call_stacks import drop_call_stacks
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.legacy_functions import legacy_functions
from edgeslim.paddle_io.modes import own_scope, static_mode
from edgeslim.paddle_io.plain_tracing import plain_tracing, refuse_values
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.traced_layer import input_names, keep_attributes, traced_layer
from edgeslim.paddle_io.unused_parameters import add_unused_parameter

if TYPE_CHECKING:
    import paddle

__all__ = [
    "close_shapes",
    "export_layer",
    "run_batches_in_paddle",
    "run_in_paddle",
]

_log = logging.getLogger(__name__)


def export_layer(
    net: paddle.nn.Layer,
    input_shapes: Sequence[Shape],
    prefix: Path,
    *,
    names: Sequence[str] = (),
) -> None:
    """Saves a network as ``prefix.pdmodel`` and ``prefix.pdiparams``, in evaluation mode.

    Args:
        net: The network that is saved.
        input_shapes: Shape of each input in order; float32 if the shape has no type.
        prefix: Path of both files without their suffixes.
        names: Names of the inputs, which are passed by name if ``forward`` has parameters of these
            names; by default the names of its parameters.

    Raises:
        ModelError: Paddle cannot trace it with these inputs.
    """
    paddle = load_paddle()
    net.eval()
    spec = [
        paddle.static.InputSpec(list(shape), declared_type(shape) or "float32", name)
        for shape, name in zip(
            input_shapes, names or input_names(net, len(input_shapes)), strict=True
        )
    ]
    try:
        with legacy_functions(), array_operands():
            _trace(net, spec, prefix)
    except Exception as error:
        # Tracing runs the user's own forward, which may raise anything.
        _forget_trace(paddle)
        # Paddle 3's own form would silently leave out what edgeslim refuses by a ModelError.
        if isinstance(error, ModelError) or not _is_exported_by_pir(net, spec, prefix):
            raise ModelError(
                f"Paddle cannot export {type(net).__name__} for inputs "
                f"{[list(shape) for shape in input_shapes]}: {_reason(error)}"
            ) from error
    saved = Path(f"{prefix}.pdmodel")
    program = read_program(saved)
    changed = drop_call_stacks(program)
    if add_unused_parameter(program, Path(f"{prefix}.pdiparams")) or changed:
        write_bytes(saved, program.SerializeToString())


def _is_exported_by_pir(net: paddle.nn.Layer, spec: Sequence[Any], prefix: Path) -> bool:
    """Whether the second way works: Paddle 3 can trace more networks in its own form."""
    from edgeslim.paddle_io.pir.export import export_layer_by_pir

    try:
        with keep_attributes(net), traced_layer(net, _names(spec), plainly=False) as layer:
            export_layer_by_pir(layer, [list(spec)], prefix)
    except Exception as error:  # noqa: BLE001 - the error of the first way is reported
        _log.debug("it cannot be exported in Paddle 3's own form either: %s", error)
        return False
    return True


def _trace(net: paddle.nn.Layer, spec: Sequence[Any], prefix: Path) -> None:
    """Saves a network: traced as its code runs, or, if that fails, by its source."""
    paddle = load_paddle()
    names = _names(spec)
    try:
        with keep_attributes(net), plain_tracing(net, names) as layer:
            _save(layer, spec, prefix)
    except Exception as error:  # noqa: BLE001 - the user's own forward may raise anything
        _log.debug("%s cannot be traced plainly: %s", type(net).__name__, error)
        _forget_trace(paddle)
        with (
            keep_attributes(net),
            traced_layer(net, names, plainly=False) as layer,
            refuse_values(),
        ):
            _save(layer, spec, prefix)


def _names(spec: Sequence[Any]) -> list[str]:
    return [item.name for item in spec]


def _save(layer: paddle.nn.Layer, spec: Sequence[Any], prefix: Path) -> None:
    # Without "extra" attributes Paddle-Lite aborts on relu6 and crashes on flatten.
    load_paddle().jit.save(layer, str(prefix), input_spec=[list(spec)], clip_extra=False)


def _reason(error: Exception) -> str:
    """The last line of Paddle's long messages, which has the reason, with the function's name."""
    story = str(error).strip()
    unread = _UNREAD.search(story)
    if unread is not None:
        return f"nothing that it computes reads input {unread[1]!r}; take it out of forward()"
    lines = [line.strip(" '\"") for line in story.splitlines() if line.strip(" '\"")] or [
        repr(error)
    ]
    reason = lines[-1].rpartition("NeedsValuesError: ")[2]
    operator = _OPERATOR.fullmatch(reason)
    if operator is not None and len(lines) > 1:
        return f"at {operator[1]}: {lines[-2]}"
    called = _FUNCTIONS.findall(story)
    return f"at {called[-1]}: {reason}" if called else reason


_FUNCTIONS = re.compile(r'paddle/(?:tensor|nn|vision|linalg)[\w/]*\.py", line \d+, in (\w+)')
"""Functions of Paddle in its messages, the innermost last."""

_OPERATOR = re.compile(r"\[operator < (\w+) > error\]")
"""The last line of messages from an operator; the reason is in the line before."""

_UNREAD = re.compile(r"feeded_var_names\[\d+\]: '(.*?)' doesn't exist in pruned")
"""Paddle's message about an input that no output depends on."""


def _forget_trace(paddle: ModuleType) -> None:
    """Drops the records that Paddle keeps of a failed trace.

    It keeps the parameters of each trace under the address of its program and removes them
    only at the end; a later program at the same address would get them as well.
    """
    translator = paddle.jit.dy2static.program_translator.ProgramTranslator.get_instance()
    for records in (translator._params_recorder, translator._inplace_map):  # noqa: SLF001
        records.params_dict.clear()


def close_shapes(program: Path, feeds: Mapping[str, Shape], *, at_first: bool = False) -> None:
    """Gives the inputs of a saved program fixed shapes and infers all others, in place.

    An operator whose number of rows depends on its data is described with the largest number.

    Args:
        program: Path of the program's description.
        feeds: Shapes of inputs by name.
        at_first: Whether the program still computes sizes, so that operators which read open
            shapes need not fit yet.

    Raises:
        ModelError: A shape does not fit the model.
    """
    described = load_paddle().base.core.ProgramDesc(program.read_bytes())
    block = described.block(0)
    for name, shape in feeds.items():
        block.find_var(name.encode()).set_shape(list(shape))
    for index in range(block.op_size()):
        op = block.op(index)
        if op.type() in {"feed", "fetch"}:
            continue
        try:
            op.infer_shape(block)
        except Exception as error:
            # Paddle raises plain RuntimeError and ValueError from its native code.
            if at_first and _reads_open_shapes(op, block):
                continue
            shapes = ", ".join(f"{name}={list(shape)}" for name, shape in feeds.items())
            raise ModelError(
                f"input shape {shapes} does not fit the model at {op.type()}"
            ) from error
        _bound_rows(op, block)
    write_bytes(program, described.serialize_to_string())


def _reads_open_shapes(op: Any, block: Any) -> bool:  # noqa: ANN401 - native descriptions
    found = (block.find_var(name.encode()) for name in op.input_arg_names())
    return any(-1 in variable.shape() for variable in found if variable is not None)


def _bound_rows(op: Any, block: Any) -> None:  # noqa: ANN401 - native descriptions
    """Gives the results of suppressions (NMS) the largest number of rows."""
    kind = known_kinds().get(op.type())
    if kind is None or not kind.row_limit:
        return
    name = kind.row_limit
    given = op.attr(name) if op.has_attr(name) else kind.attributes[name]
    assert isinstance(given, int)  # noqa: S101 - its default says so
    rows = max(given, 1)
    for slot in kind.outputs:
        for name in op.output(slot):
            variable = block.find_var(name.encode())
            shape = list(variable.shape())
            if shape[:1] == [-1]:
                variable.set_shape([rows, *shape[1:]])


def run_in_paddle(
    prefix: Path,
    inputs: Mapping[str, np.ndarray[Any, Any]],
    *,
    also: Sequence[str] = (),
    name: str = "",
) -> list[np.ndarray[Any, Any]]:
    """The outputs that Paddle computes for ``prefix.pdmodel`` and ``prefix.pdiparams``.

    Args:
        prefix: Path of the model's files without their suffixes.
        inputs: An array for each input by name.
        also: Names of tensors that are returned after the outputs.
        name: Name of the model in messages; by default its path.

    Raises:
        ModelError: Paddle cannot load or run the model.
    """
    (outputs,) = run_batches_in_paddle(prefix, [inputs], also=also, name=name)
    return outputs


def run_batches_in_paddle(
    prefix: Path,
    batches: Iterable[Mapping[str, np.ndarray[Any, Any]]],
    *,
    also: Sequence[str] = (),
    name: str = "",
) -> list[list[np.ndarray[Any, Any]]]:
    """As `run_in_paddle`, for several batches; the model is loaded once."""
    paddle = load_paddle()
    try:
        with static_mode(), own_scope():
            executor = paddle.static.Executor(paddle.CPUPlace())
            loaded, _, fetched = paddle.static.load_inference_model(str(prefix), executor)
            fetched = [*fetched, *(loaded.global_block().var(name) for name in also)]
            results = [
                executor.run(loaded, feed=dict(batch), fetch_list=fetched) for batch in batches
            ]
    except Exception as error:
        # Paddle raises plain RuntimeError and ValueError from its native code.
        raise ModelError(f"Paddle cannot run {name or prefix}: {_reason(error)}") from error
    return [[np.asarray(output) for output in outputs] for outputs in results]
