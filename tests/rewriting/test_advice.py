"""What is left that is dear, and what a designer may use instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.prediction.predictor import Predictor
from edgeslim.rewriting.advice import advice_lines
from edgeslim.rewriting.alternatives import alternative_of
from edgeslim.rewriting.prices import Prices
from tests.rewriting.networks import made_up_prices

IMAGE = (1, 8, 16, 16)


def convolution(extent: int, *, groups: int = 8, dilation: int = 1) -> OpSpec:
    padding = dilation * (extent // 2)
    return OpSpec(
        kind="depthwise_conv2d" if groups > 1 else "conv2d",
        inputs=Shapes({"Input": (IMAGE,)}),
        outputs=Shapes({"Output": (IMAGE,)}),
        weights=Shapes({"Filter": ((8, 8 // groups, extent, extent),)}),
        attributes=Attributes(
            {
                "dilations": (dilation, dilation),
                "groups": groups,
                "paddings": (padding,) * 4,
                "strides": (1, 1),
            }
        ),
    )


def function(kind: str) -> OpSpec:
    return OpSpec(kind=kind, inputs=Shapes({"X": (IMAGE,)}), outputs=Shapes({"Out": (IMAGE,)}))


@pytest.mark.parametrize(
    ("spec", "text", "others"),
    [
        (convolution(7), "three 3x3 with the same reach", [convolution(3)] * 3),
        (convolution(5, groups=1), "two 3x3 with the same reach", [convolution(3, groups=1)] * 2),
        (convolution(3, dilation=2), "the same without dilation", [convolution(3)]),
    ],
)
def test_alternatives_have_the_same_shapes(spec: OpSpec, text: str, others: list[OpSpec]) -> None:
    found = alternative_of(spec)
    assert found is not None
    assert (found.text, list(found.specs)) == (text, others)


@pytest.mark.parametrize("spec", [convolution(3), function("relu")])
def test_what_is_cheap_has_none(spec: OpSpec) -> None:
    assert alternative_of(spec) is None


def advice(folder: Path, specs: list[OpSpec], known: list[OpSpec]) -> tuple[str, ...]:
    """Advice on a network of some operators, by a table that knows others as well."""

    def ms(spec: OpSpec) -> float:
        extent = next((shapes[0][2] for shapes in spec.weights.values()), 1)
        return 8.0 if extent == 7 or spec.kind == "swish" else 0.1

    made_up_prices(folder, [*specs, *known], ms)
    table = LatencyTable.read(folder / "table.jsonl")
    return advice_lines(Predictor(table).predict(specs), Prices(table, specs))


def test_what_is_dear_for_its_multiplications_is_named_with_a_price(tmp_path: Path) -> None:
    specs = [convolution(7), *[convolution(3, groups=1)] * 8]
    (line,) = advice(tmp_path, specs, [convolution(3)])
    assert line.startswith("depthwise_conv2d 7x7: 91% of the time for 7.8% of the")
    assert line.endswith("; three 3x3 with the same reach would take 3%")


def test_without_a_price_nothing_is_said_of_an_alternative(tmp_path: Path) -> None:
    (line,) = advice(tmp_path, [function("swish"), convolution(3, groups=1)], [])
    assert line.startswith("swish: 99% of the time for 0.0%")
    assert line.endswith("of the multiplications")
