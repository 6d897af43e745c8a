"""Recurrent layers, of which kernels compute only the sequence of outputs."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator

__all__ = ["LAWS", "LENGTHS", "MOST_STEPS", "OTHER_CELLS", "STATES"]

MOST_STEPS = 1000
"""The most steps of all layers and directions that are written out, as ten thousand operators."""

_SERVED = {"LSTM", "GRU"}
_MEND = (
    f"it is written out where it has at most {MOST_STEPS} steps in all layers and directions; an "
    "LSTM or GRU of which only the sequence is read has kernels"
)


def _is_another_cell(operator: Operator) -> bool:
    return operator.attribute("mode", "") not in _SERVED


OTHER_CELLS = Law(
    name="recurrent-cells",
    operators=("rnn",),
    condition="whose cell is no LSTM and no GRU",
    meets=_is_another_cell,
    happens="it is converted, and ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="written-out-rnn",
    form="step by step",
    mend=_MEND,
    source="lite/kernels/x86/rnn_compute.cc, lite/kernels/arm/rnn_compute.cc",
)

LENGTHS = Law(
    name="recurrent-lengths",
    operators=("rnn",),
    condition="with lengths of sequences",
    meets=lambda operator: "SequenceLength" in operator.inputs,
    happens="it is converted, and ends the run",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="written-out-rnn",
    form="step by step",
    mend=_MEND,
    source="lite/kernels/x86/rnn_compute.cc, lite/kernels/arm/rnn_compute.cc",
)

STATES = Law(
    name="recurrent-states",
    operators=("rnn",),
    condition="whose last states are read",
    meets=lambda operator: "State" in operator.read,
    happens="the states are never written",
    kernels=frozenset({Kernels.X86}),
    precisions=EVERY_PRECISION,
    rewrite="written-out-rnn",
    form="step by step",
    mend=_MEND,
    source="lite/kernels/x86/rnn_compute.cc",
)

LAWS = (OTHER_CELLS, LENGTHS, STATES)
