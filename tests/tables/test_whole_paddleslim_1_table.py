"""A whole table of PaddleSlim 1.x predicts what it predicted there: a plain sum over its rows.

Which rows a network has is written down here a second time, after ``light_nas/light_nas_space.py``
and ``get_ops_from_program.py`` of PaddlePaddle/models at 9aefcdc84: one for each operator of the
evaluation program, found by its words. The latencies are made up.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from edgeslim.conversion.build_network import build_network
from edgeslim.families.light_nas.published import PUBLISHED_TOKENS
from edgeslim.families.light_nas.tokens import CHANNELS, EXPANSIONS, LAYERS, STRIDES
from edgeslim.families.tokens import KERNELS, SWITCH
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predict_model import predict
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import SPACES, Tokens
from edgeslim.table_formats import LatencyUnit
from tests.table_formats.tables import imported

SPACE = SPACES.get("light-nas").space()


def convolution(c_in: int, side: int, c_out: int, *more: int) -> list[str]:
    """A convolution and its norm; more: groups, kernel, padding, stride."""
    groups, kernel, padding, stride = more or (1, 1, 0, 1)
    return [
        f"conv 0 0 1 {c_in} {side} {side} {c_out} {groups} {kernel} {padding} {stride} 1",
        f"batch_norm None 1 {c_out} {side // stride} {side // stride}",
    ]


def relu6(channels: int, side: int) -> str:
    return f"activation relu6 1 {channels} {side} {side}"


def layer(c_in: int, c_out: int) -> list[str]:
    """A fully connected layer and its bias."""
    return [f"conv 0 0 1 {c_in} 1 1 {c_out} 1 1 0 1 1", f"eltwise 2 1 {c_out} 1 1"]


def bottleneck(c_in: int, c_out: int, side: int, *more: int) -> list[str]:
    """more: expansion, kernel, stride, whether it adds its input, whether it weighs channels."""
    expansion, kernel, stride, adds, weighs = more
    inner, out = c_in * expansion, side // stride
    rows = [
        *convolution(c_in, side, inner),
        relu6(inner, side),
        *convolution(inner, side, inner, inner, kernel, kernel // 2, stride),
        relu6(inner, out),
        *convolution(inner, out, c_out),
    ]
    if adds:
        rows.append(f"eltwise 2 1 {c_out} {out} {out}")
    if weighs:
        rows += [
            f"pooling 1 1 {c_out} {out} {out} 0 0 1 0 3",
            *layer(c_out, c_out // 4),
            f"activation relu 1 {c_out // 4} 1 1",
            *layer(c_out // 4, c_out),
            f"activation sigmoid 1 {c_out} 1 1",
            f"eltwise 1 1 {c_out} {out} {out}",
            f"eltwise 2 1 {c_out} {out} {out}",
            f"activation relu 1 {c_out} {out} {out}",
        ]
    return rows


def rows_of(tokens: Tokens) -> list[str]:
    """The rows of a network at 224x224, with 1000 classes."""
    rows = [*convolution(3, 224, 32, 1, 3, 1, 2), relu6(32, 112)]
    rows += bottleneck(32, 16, 112, 1, 3, 1, False, False)
    width, side = 16, 112
    for group, first_stride in enumerate(STRIDES):
        t, c, n, k, shortcut, weighs = tokens[6 * group : 6 * group + 6]
        for number in range(LAYERS[group][n]):
            stride = first_stride if number == 0 else 1
            adds = SWITCH[shortcut] and number > 0
            more = (EXPANSIONS[t], KERNELS[k], stride, adds, SWITCH[weighs])
            rows += bottleneck(width, CHANNELS[group][c], side, *more)
            width, side = CHANNELS[group][c], side // stride
    rows += bottleneck(width, 320, side, 6, 3, 1, False, False)
    rows += [*convolution(320, 7, 1280), relu6(1280, 7)]
    return [*rows, "pooling 1 1 1280 7 7 7 0 1 0 3", *layer(1280, 1000)]


def milliseconds(row: str) -> str:
    return f"{(zlib.crc32(row.encode()) % 900_000 + 1_000) / 1e6:.6f}"


def summed(rows: list[str]) -> float:
    return sum(float(milliseconds(row)) for row in rows)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> LatencyTable:
    every = {row for tokens in PUBLISHED_TOKENS.values() for row in rows_of(tokens)}
    # Of other networks; the first is what our own tables subtract from every operator.
    every |= {
        "activation relu 1 8 1 1",
        "softmax -1 1 1000 1 1",
        "eltwise 1 1 1 1 1",
        "eltwise 2 1 1 1 1",
    }
    content = "".join(f"{row} {milliseconds(row)}\n" for row in sorted(every))
    folder = tmp_path_factory.mktemp("whole")
    done = imported(folder, "paddleslim-1", content, unit=LatencyUnit.MS)
    assert (done.refused, done.operators) == ((), len(every))
    return LatencyTable.read(done.table)


def test_a_whole_table_is_one_of_operators_before_fusion(
    table: LatencyTable, tmp_path: Path
) -> None:
    assert table.context.convention is Convention.UNFUSED
    bare = imported(
        tmp_path, "paddleslim-1", "conv 0 0 1 3 8 8 4 1 3 1 2 1 0.1\n", unit=LatencyUnit.MS
    )
    assert bare.context.convention is Convention.BARE_CONVOLUTIONS


@pytest.mark.parametrize("name", PUBLISHED_TOKENS)
def test_the_sum_is_the_originals(table: LatencyTable, name: str) -> None:
    tokens = PUBLISHED_TOKENS[name]
    found = Predictor(table).predict(SPACE.operators(tokens, None))
    assert (found.missing, found.excluded_kinds) == ((), {})
    assert len(found.operators) == len(rows_of(tokens))
    assert found.total_ms == pytest.approx(summed(rows_of(tokens)), rel=1e-9)


def test_mobilenet_v2_has_as_many_operators_as_in_the_original() -> None:
    assert len(rows_of(PUBLISHED_TOKENS["mobilenet-v2"])) == 155


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenet-v2", "tokens1"])
def test_a_saved_model_has_that_sum_and_beside_it_what_runs(
    table: LatencyTable, name: str, tmp_path: Path
) -> None:
    model = build_network("light-nas", PUBLISHED_TOKENS[name], tmp_path / "net")
    found = predict(str(model), table.path)
    rows = rows_of(PUBLISHED_TOKENS[name])
    assert found.total_ms == pytest.approx(summed(rows), rel=1e-9)
    assert found.fused_ms is not None
    # Norms, activations and biases are part of what is in front of them.
    biases = {row for row in rows if row.startswith("eltwise 2") and row.endswith(" 1 1")}
    gone = ("batch_norm", "activation relu")
    runs = [row for row in rows if not row.startswith(gone) and row not in biases]
    assert found.fused_ms == pytest.approx(summed(runs), rel=1e-9)
