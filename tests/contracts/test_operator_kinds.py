"""What every kind of operator says about itself."""

from __future__ import annotations

import pytest

from edgeslim.ops import KINDS, OperatorKind, known_kinds
from edgeslim.opspec import Attributes, OpSpec, Shapes
from tests.values import convolution

SHAPE = (1, 8, 6, 6)
WEIGHTS = {
    "Filter": (8, 1, 3, 3),
    "Bias": (8,),
    "W": (8, 5),
    "Y": (8, 5),
    "Scale": (8,),
    "Mean": (8,),
    "Variance": (8,),
}
"""Weights for the slots that have them, for an input of eight channels."""

MATRIX_PRODUCTS = {"fc", "matmul", "matmul_v2", "mul"}
CONVOLUTIONS = {"conv2d", "conv2d_transpose", "depthwise_conv2d"}


def example(kind: OperatorKind) -> OpSpec:
    """An operator of a kind, with the attributes it has when none are written."""
    weight_slots = set() if kind.kind.startswith("elementwise") else set(WEIGHTS)
    flat = kind.kind in MATRIX_PRODUCTS
    inputs = Shapes(
        {slot: ((1, 8) if flat else SHAPE,) for slot in kind.slots if slot not in weight_slots}
    )
    weights = Shapes({slot: (WEIGHTS[slot],) for slot in kind.slots if slot in weight_slots})
    return OpSpec(
        kind=kind.kind,
        inputs=inputs,
        weights=weights,
        outputs=Shapes(dict.fromkeys(kind.outputs, ((1, 5) if flat else SHAPE,))),
        attributes=kind.normal(Attributes(kind.attributes), inputs, weights),
    )


@pytest.fixture(params=KINDS.names())
def name(request: pytest.FixtureRequest) -> str:
    """Each name on the shelf."""
    return str(request.param)


@pytest.fixture
def kind(name: str) -> OperatorKind:
    return KINDS.get(name)


def test_the_kind_is_called_as_its_file(name: str, kind: OperatorKind) -> None:
    assert kind.kind == name.replace("-", "_")
    assert known_kinds()[kind.kind] is kind


def test_slots_are_named_once(kind: OperatorKind) -> None:
    assert kind.slots
    assert kind.outputs
    for slots in (kind.slots, kind.outputs + kind.scratch):
        assert len(set(slots)) == len(slots)
    assert not set(kind.attributes) & set(kind.written)


def test_attributes_are_values_that_a_table_keeps(kind: OperatorKind) -> None:
    assert dict(Attributes(kind.attributes)) == dict(kind.attributes)
    assert dict(Attributes(kind.written)) == dict(kind.written)


def test_the_normal_form_keeps_to_its_own_names_and_types(kind: OperatorKind) -> None:
    for name, value in example(kind).attributes.items():
        assert type(value) is type(kind.attributes[name]), name


def test_the_normal_form_of_a_normal_form_is_itself(kind: OperatorKind) -> None:
    spec = example(kind)
    again = Attributes({**kind.attributes, **spec.attributes})
    assert kind.normal(again, spec.inputs, spec.weights) == spec.attributes


def test_costs_are_whole_numbers_that_are_not_negative(kind: OperatorKind) -> None:
    spec = example(kind)
    macs = kind.macs(spec)
    assert type(macs) is int
    assert (macs > 0) == (kind.kind in MATRIX_PRODUCTS | CONVOLUTIONS)
    for whole_numbers in (True, False):
        assert kind.paddleslim1_flops(spec, whole_numbers=whole_numbers) >= 0


def test_twice_the_batch_is_twice_the_work(kind: OperatorKind) -> None:
    spec = example(kind)
    double = OpSpec(
        kind=spec.kind,
        inputs=Shapes({slot: ((2, *shape[1:]),) for slot, (shape,) in spec.inputs.items()}),
        weights=spec.weights,
        outputs=Shapes({slot: ((2, *shape[1:]),) for slot, (shape,) in spec.outputs.items()}),
        attributes=spec.attributes,
    )
    assert kind.macs(double) == 2 * kind.macs(spec)


def test_the_example_of_a_convolution_counts_what_one_counts_by_hand() -> None:
    spec = convolution(3, 8, extent=10)
    assert known_kinds()["conv2d"].macs(spec) == 10 * 10 * 8 * 3 * 3 * 3
