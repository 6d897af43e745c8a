"""PaddleSlim 2.3: a pickled dictionary from sentences to milliseconds.

Reference: ``paddleslim/analysis/parse_ops.py`` and ``latency_predictor.py``. A sentence is
``conv2d in=(1, 3, 224, 224) weight=(16, 3, 3, 3) out=(1, 16, 112, 112) pad=1 stride=2
group=1 dilation=1 quant=False bit_length=None``, of an operator as the optimizer leaves it.
It leaves out the bias and the activation of convolutions and matrix products (so the
table's convention is `Convention.UNNAMED_ACTIVATIONS`), and for some operators even their
function: those are refused. The file does not have the unit; the predictions that the project
prints with such tables are in milliseconds.

Reading goes through `edgeslim.restricted_pickle`, which can make nothing but dictionaries, texts
and numbers. Writing is offered, since PaddleSlim reads nothing else: writing a pickle of
texts and floats runs no code, and the file has no instruction to run any. It would be
dangerous to open a foreign pickle as PaddleSlim does, which edgeslim never does.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path

from edgeslim.errors import UsageError
from edgeslim.execution import PowerMode
from edgeslim.latency_rows import Convention, TableContext
from edgeslim.opspec import OpSpec
from edgeslim.restricted_pickle import read_numbers
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    Latency,
    LatencyUnit,
    ReadOptions,
    Refusal,
    RowRefusedError,
    TableFormat,
    WrittenTable,
)
from edgeslim.table_formats._sentences import operator_of, sentence_of
from edgeslim.table_keys import table_key

__all__ = ["FORMAT"]

_PROTOCOL = 4
"""Pickle protocol that the versions of Python for PaddleSlim 2.3 can read."""
_LONGEST_NS = 1e13
_FILE_NAME = re.compile(
    r"(?P<device>.+)_threads_(?P<threads>[0-9]{1,3})_power_mode_(?P<mode>[0-3])"
)
_MODES = tuple(PowerMode)
"""Power modes by Paddle-Lite's own numbers."""


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    unit = options.unit
    if unit not in {None, LatencyUnit.MS}:
        raise UsageError(f"{path}: tables of PaddleSlim 2.3 are in ms, not in {unit.value}")
    rows, refused = [], []
    for number, (sentence, milliseconds) in enumerate(read_numbers(str(path), content).items(), 1):
        place = f"entry {number}"
        try:
            spec, latency = operator_of(sentence), _latency(milliseconds)
        except RowRefusedError as error:
            refused.append(Refusal(place=place, reason=f"{sentence[:60]}: {error}"))
            continue
        rows.append(ForeignRow(place=place, operator=spec, latency=latency))
    named = _FILE_NAME.match(path.name)
    return ForeignTable(
        rows=tuple(rows),
        refused=tuple(refused),
        notes=("the biases and activations of convolutions and matrix products are not said",),
        unit=LatencyUnit.MS,
        hardware=named[1] if named else "",
        threads=int(named[2]) if named else None,
        power_mode=_MODES[int(named[3])] if named else None,
        convention=Convention.UNNAMED_ACTIVATIONS,
    )


def _latency(milliseconds: float) -> Latency:
    nanoseconds = milliseconds * 1e6
    if not 0.5 < nanoseconds < _LONGEST_NS:
        raise RowRefusedError(f"{milliseconds:g} ms is not a latency")
    return Latency(nanoseconds=round(nanoseconds), step_ns=1.0)


def _write(_context: TableContext, latencies_ns: Mapping[OpSpec, int]) -> WrittenTable:
    """Writes each operator once; another that differs only in what is left out is refused."""
    sentences: dict[str, float] = {}
    operators, refused, unnamed = [], [], 0
    for spec, nanoseconds in latencies_ns.items():
        key = table_key(spec, Convention.UNNAMED_ACTIVATIONS)
        sentence = None if key is None else sentence_of(key)
        if key is None or sentence is None:
            refused.append(Refusal(place=str(spec), reason="the format has no words for it"))
            continue
        if sentence in sentences:
            reason = "another of these differs only in bias or activation, which it does not say"
            refused.append(Refusal(place=str(spec), reason=reason))
            continue
        sentences[sentence] = nanoseconds / 1e6
        operators.append(key)
        unnamed += key != spec
    notes = (f"{unnamed} operators lose their bias or activation",) if unnamed else ()
    return WrittenTable(
        content=pickle.dumps(sentences, protocol=_PROTOCOL),
        operators=tuple(operators),
        refused=tuple(refused),
        notes=notes,
    )


FORMAT = TableFormat(
    summary="PaddleSlim 2.3: a pickled dictionary, opened by a reader that runs nothing",
    suffix=".pkl",
    read=_read,
    write=_write,
)
