"""Recurrent layers that Paddle-Lite's kernel does not compute, written out step by step.

``rnn`` of Paddle-Lite 2.13 is right for the sequence of outputs of an LSTM or a GRU. It has no
plain recurrent layer (``SimpleRNN``; ``opt`` converts it and the program ends on the device), on
x86 it never writes the last states (their readers get old memory), it ends the program if lengths
of sequences are given, and on arm it cannot add up thousands of features.

Equations: https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/LSTMCell_en.html,
GRUCell and SimpleRNNCell beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.opspec import Attribute
from edgeslim.paddle_io.block_edits import (
    argument,
    arguments,
    attribute,
    new_operator,
    new_variable,
    replace_operators,
    shape_of,
    type_of,
)
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.recurrent import LAWS, MOST_STEPS
from edgeslim.targets.scratch import LONG_SUMS_OF_STEPS

__all__ = ["REWRITE"]

_LAWS = (*LAWS, LONG_SUMS_OF_STEPS)

_ACTIVATIONS = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _write_out(draft: Draft) -> None:
    block = draft.block
    view = BlockView(block)
    for place in reversed(range(len(block.ops))):
        op = block.ops[place]
        operator = view.operator(op)
        law = next((law for law in _LAWS if law.is_met_by(operator)), None)
        if law is None:
            continue
        network = _Network(block, op)
        if network.is_writable:
            draft.note(law, operator)
            replace_operators(block, {place: network.operators()})


@dataclass(frozen=True, slots=True)
class _Weights:
    """Names of the weights of a layer in one direction."""

    inputs: str
    states: str
    input_bias: str
    state_bias: str


class _Network:
    """The operators of all layers, in the order they run."""

    def __init__(self, block: Any, op: Any) -> None:  # noqa: ANN401
        self._block, self._op = block, op
        self._mode = str(attribute(op, "mode", "LSTM"))
        self._result = argument(op.outputs, "Out")
        self._layers = int(attribute(op, "num_layers", 1))
        self._directions = 2 if attribute(op, "is_bidirec", False) else 1
        self._hidden = int(attribute(op, "hidden_size", 0))
        self._steps, self._batch = shape_of(block, argument(op.inputs, "Input"))[:2]
        self._ops: list[Any] = []
        self._names = {variable.name for variable in block.vars}

    @property
    def is_writable(self) -> bool:
        """Whether its cell is known and it has not too many steps."""
        steps = self._steps * self._layers * self._directions
        return self._mode in _GATES and 0 < steps <= MOST_STEPS

    def operators(self) -> list[Any]:
        """The operators of all layers, then those that stack their last states."""
        masks = self._masks()
        initial = [self._split_states(name) for name in arguments(self._op.inputs, "PreState")]
        sequence = argument(self._op.inputs, "Input")
        last: list[tuple[str, ...]] = []
        for layer in range(self._layers):
            rows = []
            for direction in range(self._directions):
                number = layer * self._directions + direction
                outputs, states = self._direction(
                    sequence,
                    self._weights(number),
                    [state[number] for state in initial],
                    masks,
                    is_reverse=direction == 1,
                )
                rows.append(outputs)
                last.append(states)
            sequence = (
                rows[0]
                if len(rows) == 1
                else self._add(
                    "concat", {"X": rows}, (self._steps, self._batch, 2 * self._hidden), axis=2
                )
            )
        self._ops[-1].outputs[0].arguments[0] = self._result
        for place, name in enumerate(arguments(self._op.outputs, "State")):
            self._add("stack", {"X": [states[place] for states in last]}, (), slot="Y", axis=0)
            self._ops[-1].outputs[0].arguments[0] = name
        return self._ops

    def _weights(self, number: int) -> _Weights:
        """The weights of a layer; all filters come before all biases, inputs before states."""
        names = arguments(self._op.inputs, "WeightList")
        biases = len(names) // 2
        return _Weights(
            *(names[start + 2 * number + which] for start in (0, biases) for which in (0, 1))
        )

    def _split_states(self, name: str) -> list[str]:
        """The initial states of each layer and direction."""
        return [self._row(name, number) for number in range(self._layers * self._directions)]

    def _masks(self) -> list[tuple[str, str]]:
        """For each step, a mask with 1 for sequences that go on, and its inverse."""
        lengths = argument(self._op.inputs, "SequenceLength")
        if not lengths:
            return []
        shape = (self._batch,)
        floats = self._add(
            "cast",
            {"X": [lengths]},
            shape,
            in_dtype=type_of(self._block, lengths),
            out_dtype=ELEMENT_NUMBERS["float32"],
        )
        masks = []
        for step in range(self._steps):
            left = self._scale(floats, 1.0, -float(step), shape)
            mask = self._add("clip", {"X": [left]}, shape, min=0.0, max=1.0)
            masks.append((mask, self._scale(mask, -1.0, 1.0, shape)))
        return masks

    def _direction(
        self,
        sequence: str,
        weights: _Weights,
        states: list[str],
        masks: list[tuple[str, str]],
        *,
        is_reverse: bool,
    ) -> tuple[str, tuple[str, ...]]:
        """The outputs of a layer in a direction, and its last states."""
        width = _GATES[self._mode] * self._hidden
        whole = (self._steps, self._batch, width)
        gates = self._sum(self._times(sequence, weights.inputs, whole), weights.input_bias, whole)
        if self._mode != "GRU":
            gates = self._sum(gates, weights.state_bias, whole)
        outputs = [""] * self._steps
        for step in reversed(range(self._steps)) if is_reverse else range(self._steps):
            inputs = self._row(gates, step, (self._batch, width))
            new = self._cell(inputs, weights, states)
            if masks:
                new = [self._select(masks[step], *pair) for pair in zip(new, states, strict=True)]
            states = new
            outputs[step] = self._product(states[0], masks[step][0], 0) if masks else states[0]
        stacked = self._add(
            "stack", {"X": outputs}, (self._steps, self._batch, self._hidden), slot="Y", axis=0
        )
        return stacked, tuple(states)

    def _cell(self, inputs: str, weights: _Weights, states: list[str]) -> list[str]:
        """The states after a step."""
        shape = (self._batch, _GATES[self._mode] * self._hidden)
        carried = self._times(states[0], weights.states, shape)
        if self._mode == "GRU":
            carried = self._sum(carried, weights.state_bias, shape)
            return [self._gru(self._parts(inputs), self._parts(carried), states[0])]
        gates = self._sum(inputs, carried, shape)
        if self._mode in _ACTIVATIONS:
            return [self._activation(_ACTIVATIONS[self._mode], gates)]
        enter, forget, candidate, leave = self._parts(gates)
        kept = self._product(self._activation("sigmoid", forget), states[1])
        added = self._product(
            self._activation("sigmoid", enter), self._activation("tanh", candidate)
        )
        memory = self._sum(kept, added)
        shown = self._activation("tanh", memory)
        return [self._product(self._activation("sigmoid", leave), shown), memory]

    def _gru(self, inputs: list[str], carried: list[str], state: str) -> str:
        """A GRU's state after a step."""
        reset, update = (
            self._activation("sigmoid", self._sum(*pair))
            for pair in zip(inputs[:2], carried[:2], strict=True)
        )
        candidate = self._activation("tanh", self._sum(inputs[2], self._product(reset, carried[2])))
        difference = self._sum(
            state, self._scale(candidate, -1.0, 0.0, (self._batch, self._hidden))
        )
        return self._sum(self._product(difference, update), candidate)

    def _select(self, mask: tuple[str, str], new: str, old: str) -> str:
        return self._sum(self._product(new, mask[0], 0), self._product(old, mask[1], 0))

    def _parts(self, gates: str) -> list[str]:
        shape = (self._batch, self._hidden)
        count = _GATES[self._mode]
        names = [self._tensor(shape) for _ in range(count)]
        self._ops.append(
            new_operator(
                "split", {"X": [gates]}, {"Out": names}, {"num": count, "axis": 1, "sections": ()}
            )
        )
        return names

    def _row(self, name: str, number: int, shape: tuple[int, ...] = ()) -> str:
        return self._add(
            "slice",
            {"Input": [name]},
            shape or (self._batch, self._hidden),
            axes=(0,),
            starts=(number,),
            ends=(number + 1,),
            decrease_axis=(0,),
            infer_flags=(1,),
        )

    def _times(self, name: str, weight: str, shape: tuple[int, ...]) -> str:
        return self._add(
            "matmul_v2", {"X": [name], "Y": [weight]}, shape, trans_x=False, trans_y=True
        )

    def _sum(self, some: str, others: str, shape: tuple[int, ...] = ()) -> str:
        return self._add(
            "elementwise_add",
            {"X": [some], "Y": [others]},
            shape or (self._batch, self._hidden),
            axis=-1,
        )

    def _product(self, some: str, others: str, axis: int = -1) -> str:
        return self._add(
            "elementwise_mul",
            {"X": [some], "Y": [others]},
            (self._batch, self._hidden),
            axis=axis,
        )

    def _scale(self, name: str, factor: float, offset: float, shape: tuple[int, ...]) -> str:
        return self._add(
            "scale",
            {"X": [name]},
            shape,
            scale=factor,
            bias=offset,
            bias_after_scale=True,
        )

    def _activation(self, kind: str, name: str) -> str:
        return self._add(kind, {"X": [name]}, (self._batch, self._hidden))

    def _add(
        self,
        kind: str,
        inputs: dict[str, list[str]],
        extents: tuple[int, ...],
        *,
        slot: str = "Out",
        **attributes: Attribute,
    ) -> str:
        """Appends an operator, and returns the name of its result."""
        name = self._tensor(extents)
        self._ops.append(new_operator(kind, inputs, {slot: [name]}, attributes))
        return name

    def _tensor(self, extents: tuple[int, ...]) -> str:
        number = len(self._names)
        return new_variable(self._block, f"{self._result}.{number}", extents, taken=self._names)


REWRITE = Rewrite(stage=RewriteStage.OPERATORS, apply=_write_out)
