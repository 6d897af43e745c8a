"""Parameters computed of parameters while the network runs, computed once.

``weight_norm`` and ``spectral_norm`` make their weight anew at every run, and the filter of a
one-dimensional convolution is given a fourth axis at every run. ``opt`` for arm crashes on the
first, knows not all operators of the second, and fuses a convolution only with a filter that is
stored. Paddle computes them here, and they are stored.

A bias behind a reshape is another's (`direct_biases`), and quantized weights are left as they are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import drop_unread, names_in, readers_of
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import own_scope, static_mode
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import PARAMETERS_COMPUTED

__all__ = ["REWRITE"]

_NEVER = ("quantize", "random", "dropout", "randint", "randperm", "multinomial", "bernoulli")
"""Parts of names of kinds that stay: what is rounded, and what is another each time."""

_VIEWS = {"assign", "reshape2", "squeeze2", "unsqueeze2"}
"""Kinds that compute nothing."""

_GROWTH = 4
"""A result may have this many times the elements of what it is computed of."""


def _compute(draft: Draft) -> None:
    block = draft.block
    parameters = _unwritten(draft)
    makers: dict[str, Any] = {}
    roots: dict[str, set[str]] = {}
    wanted: dict[str, None] = {}
    for op in block.ops:
        read = names_in(op.inputs)
        known = all(name in parameters or name in roots for name in read)
        if known and op.type != "feed" and not any(part in op.type for part in _NEVER):
            of = {root for name in read for root in roots.get(name, {name})}
            for name in names_in(op.outputs):
                makers[name], roots[name] = op, of
            continue
        wanted.update(dict.fromkeys(name for name in read if roots.get(name)))
    chosen = [name for name in wanted if _is_worth_it(draft, name, makers, roots)]
    if not chosen or any(draft.value(root) is None for name in chosen for root in roots[name]):
        return
    values = _values(draft, chosen, makers, roots)
    finite = [
        name
        for name in chosen
        if np.isfinite(values[name]).all() and values[name].dtype == np.float32
    ]
    _note(draft, set(finite), set(makers))
    for name in finite:
        _store(draft, name, values[name])
    drop_unread(block, set(makers) - set(finite))
    _forget(block, {root for name in finite for root in roots[name]})


def _note(draft: Draft, computed: set[str], makers: set[str]) -> None:
    """Notes the operators that read what is computed once, and are not computed themselves."""
    view = BlockView(draft.block)
    for op in draft.block.ops:
        reads = computed.intersection(names_in(op.inputs))
        if reads and not makers.intersection(names_in(op.outputs)):
            draft.note(PARAMETERS_COMPUTED, view.operator(op))


def _store(draft: Draft, name: str, value: np.ndarray[Any, Any]) -> None:
    """Makes a tensor a parameter under the name that it has, by which channels are known."""
    block = draft.block
    place = next(place for place, each in enumerate(block.vars) if each.name == name)
    element_type = block.vars[place].type.dense_tensor.tensor.data_type
    del block.vars[place]
    draft.add_parameter(name, value, element_type)
    for index in reversed(range(len(block.ops))):
        if name in names_in(block.ops[index].outputs):
            del block.ops[index]


def _unwritten(draft: Draft) -> set[str]:
    """Parameters that no operator changes."""
    written = {name for op in draft.block.ops for name in names_in(op.outputs)}
    return set(persistent_tensors(draft.program)) - written


def _is_worth_it(
    draft: Draft, name: str, makers: dict[str, Any], roots: dict[str, set[str]]
) -> bool:
    """Not a bias in another shape, and not a small tensor made a large one."""
    shapes = persistent_tensors(draft.program)
    kinds = {op.type for op in _chain(name, makers)}
    shape = next(
        tuple(each.type.dense_tensor.tensor.dims) for each in draft.block.vars if each.name == name
    )
    if kinds <= _VIEWS and all(len(shapes[root]) < 2 for root in roots[name]):
        return False
    of = sum(math.prod(shapes[root]) for root in roots[name])
    return bool(math.prod(shape) <= _GROWTH * of)


def _chain(name: str, makers: dict[str, Any]) -> list[Any]:
    """The operators that a tensor is computed by, in the order they run; some more than once."""
    op = makers.get(name)
    if op is None:
        return []
    return [*(each for read in names_in(op.inputs) for each in _chain(read, makers)), op]


def _values(
    draft: Draft, names: list[str], makers: dict[str, Any], roots: dict[str, set[str]]
) -> dict[str, np.ndarray[Any, Any]]:
    """What Paddle computes."""
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


def _forget(block: Any, parameters: set[str]) -> None:  # noqa: ANN401
    """Leaves out parameters that nothing reads any more."""
    read = readers_of(block)
    for place in reversed(range(len(block.vars))):
        if block.vars[place].name in parameters and not read[block.vars[place].name]:
            del block.vars[place]


REWRITE = Rewrite(stage=Stage.VALUES, apply=_compute)
