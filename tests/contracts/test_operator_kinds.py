"""What every kind of operator says about itself."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from edgeslim.channels.units import Units, join_units
from edgeslim.graph import Names, Node
from edgeslim.ops import FAMILIES, OperatorKind, known_kinds
from edgeslim.ops._channel_flow import ChannelFlow
from edgeslim.ops._channel_sizes import Resizing
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes
from tests.paddle_io.operator_examples import examples
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
        attributes=kind.normal_form(Attributes(kind.attributes), inputs, weights),
    )


@pytest.fixture(params=known_kinds())
def kind(request: pytest.FixtureRequest) -> OperatorKind:
    """Each kind of each family."""
    return known_kinds()[request.param]


def test_a_kind_is_in_one_family() -> None:
    kinds = [kind for family in FAMILIES.members().values() for kind in family]
    assert sorted(kind.kind for kind in kinds) == list(known_kinds())
    assert len(FAMILIES.names()) > 5


def test_slots_are_named_once(kind: OperatorKind) -> None:
    assert kind.slots
    assert kind.outputs
    for slots in (kind.slots, kind.outputs + kind.scratch):
        assert len(set(slots)) == len(slots)
    assert not set(kind.attributes) & set(kind.required_attributes)


def test_attributes_are_values_that_a_table_keeps(kind: OperatorKind) -> None:
    assert dict(Attributes(kind.attributes)) == dict(kind.attributes)
    assert dict(Attributes(kind.required_attributes)) == dict(kind.required_attributes)


def test_the_normal_form_keeps_to_its_own_names_and_types(kind: OperatorKind) -> None:
    for name, value in example(kind).attributes.items():
        assert type(value) is type(kind.attributes[name]), name


def test_the_normal_form_of_a_normal_form_is_itself(kind: OperatorKind) -> None:
    spec = example(kind)
    again = Attributes({**kind.attributes, **spec.attributes})
    assert kind.normal_form(again, spec.inputs, spec.weights) == spec.attributes


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


def labelled(spec: OpSpec) -> tuple[Node, ChannelFlow]:
    """An operator that reads tensors of which every position of every axis has a label."""
    slots = {"in": spec.inputs, "weight": spec.weights, "out": spec.outputs}
    names = {
        way: {
            slot: tuple(f"{way} {slot} {place}" for place in range(len(shapes)))
            for slot, shapes in side.items()
        }
        for way, side in slots.items()
    }
    shapes = {
        name: shape
        for way, shapes in slots.items()
        for slot in shapes
        for name, shape in zip(names[way][slot], shapes[slot], strict=True)
    }
    parameters = {name: shape for name, shape in shapes.items() if name.startswith("weight")}
    flow = ChannelFlow(parameters, shapes)
    node = Node(
        spec=spec,
        inputs=Names(names["in"]),
        weights=Names(names["weight"]),
        outputs=Names(names["out"]),
    )
    for name in node.reads():
        flow.set_axes(name, [flow.new_labels(size) for size in flow.shape(name)])
    return node, flow


def test_channel_rules_give_axes_of_the_right_lengths(kind: OperatorKind) -> None:
    for spec in examples(kind):
        node, flow = labelled(spec)
        kind.channels(node, flow)
        for name in (*node.writes(), *node.reads()):
            shape, axes = flow.shape(name), flow.axes(name)
            assert len(axes) == len(shape), spec
            for labels, size in zip(axes, shape, strict=True):
                assert labels is None or labels.shape == (size,), spec
        for some, others, _ in flow.ties:
            assert some.shape == others.shape, spec


def test_channel_rules_forget_no_axis_that_is_read(kind: OperatorKind) -> None:
    """Each position stays, or is written, or goes with another; but for what is not read."""
    for spec in examples(kind):
        if kind.kind in {"prior_box", "slice", "strided_slice"}:
            continue
        node, flow = labelled(spec)
        kind.channels(node, flow)
        known = {label for labels, _ in flow.fixed for label in labels.tolist()}
        for some, others, _ in flow.ties:
            known.update(some.reshape(-1).tolist() + others.reshape(-1).tolist())
        for name in node.writes():
            for labels in flow.axes(name):
                known.update([] if labels is None else labels.tolist())
        for name in node.reads():
            for axis, labels in enumerate(flow.axes(name)):
                if labels is not None and labels.size > 1:
                    assert known.issuperset(labels.tolist()), f"{spec}: axis {axis} of {name}"


def test_size_rules_give_attributes_of_the_kind(kind: OperatorKind) -> None:
    for spec in examples(kind):
        node, flow = labelled(spec)
        kind.channels(node, flow)
        units = join_units(flow)
        for gone in range(units.count):
            if gone not in units.why_fixed:
                assert_resized(kind, node, flow, units, gone)


def assert_resized(
    kind: OperatorKind, node: Node, flow: ChannelFlow, units: Units, gone: int
) -> None:
    def kept(name: str) -> list[np.ndarray | None]:
        axes = flow.axes_by_name.get(name, (None,) * len(flow.shape(name)))
        return [None if labels is None else units.of(labels) != gone for labels in axes]

    def left(name: str) -> Shape:
        return tuple(
            size if mask is None else int(mask.sum())
            for size, mask in zip(flow.shape(name), kept(name), strict=True)
        )

    names = {"inputs": node.inputs, "weights": node.weights, "outputs": node.outputs}
    sizes = {
        field: {slot: tuple(map(left, shapes)) for slot, shapes in slots.items()}
        for field, slots in names.items()
    }
    every = [shape for slots in sizes.values() for some in slots.values() for shape in some]
    if min(extent for shape in every for extent in shape) < 1:
        return
    new = msgspec.structs.replace(
        node.spec, **{field: Shapes(slots) for field, slots in sizes.items()}
    )
    masks = kept(node.reads()[0])
    changed = kind.changed_attributes(Resizing(node.spec, new, lambda axis: masks[axis]))
    for name, value in changed.items():
        assert type(value) is type(kind.attributes[name]), name
    Attributes(changed)
