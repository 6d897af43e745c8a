"""Weights that a network computes from parameters in every run, computed once and stored.

``weight_norm`` and ``spectral_norm`` compute their weight in every run, and the filter of a
one-dimensional convolution gets a fourth axis in every run. ``opt`` for arm crashes on the
first, does not have all operators of the second, and fuses a convolution only with a stored
filter. Paddle computes them here, and they are stored.

Reshaped biases are left to `direct_biases`, and quantized weights are left as they are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import drop_unread, names_in, readers_of, shape_of, type_of
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import own_scope, static_mode
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.forms import PARAMETERS_COMPUTED

__all__ = ["REWRITE"]

_NEVER = ("quantize", "random", "dropout", "randint", "randperm", "multinomial", "bernoulli")
"""Parts of the names of kinds that stay: quantization, and operators with random results."""

_VIEWS = {"assign", "reshape2", "squeeze2", "unsqueeze2"}
"""Kinds that compute nothing."""

_MOST_GROWTH = 4
"""How many times the elements of the parameters that it is computed from a result may have."""


def _compute(draft: Draft) -> None:
    block = draft.block
    parameters = _constant_parameters(draft)
    makers: dict[str, Any] = {}
    roots: dict[str, set[str]] = {}
    wanted: dict[str, None] = {}
    for op in block.ops:
        read = names_in(op.inputs)
        known = all(name in parameters or name in roots for name in read)
        if known and op.type != "feed" and not any(part in op.type for part in _NEVER):
            own_roots = {root for name in read for root in roots.get(name, {name})}
            for name in names_in(op.outputs):
                makers[name], roots[name] = op, own_roots
            continue
        wanted.update(dict.fromkeys(name for name in read if roots.get(name)))
    chosen = [name for name in wanted if _is_worth_it(draft, name, makers, roots)]
    if not chosen or any(draft.value(root) is None for name in chosen for root in roots[name]):
        return
    values = _run_in_paddle(draft, chosen, makers, roots)
    finite = [
        name
        for name in chosen
        if np.isfinite(values[name]).all() and values[name].dtype == np.float32
    ]
    _note(draft, set(finite), set(makers))
    for name in finite:
        _store(draft, name, values[name])
    drop_unread(block, set(makers) - set(finite))
    _drop_unread_parameters(block, {root for name in finite for root in roots[name]})


def _note(draft: Draft, computed: set[str], makers: set[str]) -> None:
    """Notes the operators that read computed weights and are not computed once themselves."""
    view = BlockView(draft.block)
    for op in draft.block.ops:
        reads = computed.intersection(names_in(op.inputs))
        if reads and not makers.intersection(names_in(op.outputs)):
            draft.note(PARAMETERS_COMPUTED, view.operator(op))


def _store(draft: Draft, name: str, value: np.ndarray[Any, Any]) -> None:
    """Makes a tensor a parameter under its own name, by which its channels are found."""
    block = draft.block
    index = [variable.name for variable in block.vars].index(name)
    element_type = type_of(block, name)
    del block.vars[index]
    draft.add_parameter(name, value, element_type)
    for index in reversed(range(len(block.ops))):
        if name in names_in(block.ops[index].outputs):
            del block.ops[index]


def _constant_parameters(draft: Draft) -> set[str]:
    """Parameters that no operator writes."""
    written = {name for op in draft.block.ops for name in names_in(op.outputs)}
    return set(persistent_tensors(draft.program)) - written


def _is_worth_it(
    draft: Draft, name: str, makers: dict[str, Any], roots: dict[str, set[str]]
) -> bool:
    """Whether a tensor is no reshaped bias, and not much larger than its parameters."""
    shapes = persistent_tensors(draft.program)
    kinds = {op.type for op in _chain(name, makers)}
    if kinds <= _VIEWS and all(len(shapes[root]) < 2 for root in roots[name]):
        return False
    size = sum(math.prod(shapes[root]) for root in roots[name])
    return math.prod(shape_of(draft.block, name)) <= _MOST_GROWTH * size


def _chain(name: str, makers: dict[str, Any]) -> list[Any]:
    """The operators that compute a tensor, in the order they run; some more than once."""
    op = makers.get(name)
    if op is None:
        return []
    return [*(maker for read in names_in(op.inputs) for maker in _chain(read, makers)), op]


def _run_in_paddle(
    draft: Draft, names: list[str], makers: dict[str, Any], roots: dict[str, set[str]]
) -> dict[str, np.ndarray[Any, Any]]:
    """The values of tensors, as Paddle computes them."""
    needed = {id(op) for name in names for op in _chain(name, makers)}
    program = framework().ProgramDesc()
    program.CopyFrom(draft.program)
    block = program.blocks[0]
    del block.ops[:]
    block.ops.extend(op for op in draft.block.ops if id(op) in needed)
    paddle = load_paddle()
    place = paddle.CPUPlace()
    with static_mode(), own_scope() as scope:
        for root in {root for name in names for root in roots[name]}:
            scope.var(root).get_tensor().set(draft.value(root), place)
        runnable = paddle.static.Program.parse_from_string(program.SerializeToString())
        found = paddle.static.Executor(place).run(runnable, fetch_list=names)
    return dict(zip(names, map(np.asarray, found), strict=True))


def _drop_unread_parameters(block: Any, parameters: set[str]) -> None:  # noqa: ANN401
    """Removes the descriptions of parameters that nothing reads any more."""
    readers = readers_of(block)
    for index in reversed(range(len(block.vars))):
        if block.vars[index].name in parameters and not readers[block.vars[index].name]:
            del block.vars[index]


REWRITE = Rewrite(stage=RewriteStage.VALUES, apply=_compute)
