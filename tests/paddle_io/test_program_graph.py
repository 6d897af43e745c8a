"""Program descriptions read as graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import temporary_folder
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.parameters import check_parameters
from edgeslim.paddle_io.program_graph import feed_shapes, graph_of, read_graph
from edgeslim.paddle_io.proto import read_program
from tests.paddle_io.operator_examples import examples
from tests.tools import run_python
from tests.values import convolution, relu


@pytest.mark.parametrize("name", known_kinds())
def test_what_is_written_is_read_back(name: str, tmp_path: Path) -> None:
    for spec in examples(known_kinds()[name]):
        write_operator_model(spec, tmp_path / "operator")
        check_parameters(
            tmp_path / "operator.pdiparams", read_program(tmp_path / "operator.pdmodel")
        )
        graph = read_graph(tmp_path / "operator.pdmodel", tmp_path / "operator.pdiparams")
        written = with_constants_kept(spec)
        assert graph.specs == (written,)
        assert list(graph.feeds.values()) == [
            s for shapes in written.inputs.values() for s in shapes
        ]
        outputs = sum(map(len, spec.outputs.values()))
        # What would vanish is kept there by its input being an output too.
        assert len(graph.fetches) == outputs + len(graph.feeds) * vanishes(spec)


def test_parameters_are_in_the_order_in_which_they_are_read(tmp_path: Path) -> None:
    (spec, *_) = examples(known_kinds()["batch_norm"])
    write_operator_model(spec, tmp_path / "operator")
    graph = read_graph(tmp_path / "operator.pdmodel")
    assert list(graph.parameters) == ["w_Scale", "w_Bias", "w_Mean", "w_Variance"]


def vanishes(spec: OpSpec) -> bool:
    return known_kinds()[spec.kind].is_identity(spec)


def with_constants_kept(spec: OpSpec) -> OpSpec:
    """An operator whose whole numbers are weights, as a model of it alone has them."""
    constants = known_kinds()[spec.kind].constants
    kept = {slot: shapes for slot, shapes in spec.inputs.items() if slot in constants}
    return msgspec.structs.replace(
        spec,
        inputs=Shapes({slot: shapes for slot, shapes in spec.inputs.items() if slot not in kept}),
        weights=Shapes({**spec.weights, **kept}),
    )


@st.composite
def convolutions(draw: st.DrawFn) -> OpSpec:
    sizes = st.integers(1, 9)
    groups, c_in, c_out = draw(st.integers(1, 3)), draw(sizes), draw(sizes)
    kernel = draw(st.tuples(sizes, sizes))
    filters = (groups * c_out, c_in, *kernel)
    inputs = Shapes(Input=((1, groups * c_in, draw(sizes), draw(sizes)),))
    weights = Shapes(Filter=(filters,), **({"Bias": (filters[:1],)} if draw(st.booleans()) else {}))
    activation = draw(st.sampled_from(["", "relu", "relu6", "leaky_relu", "hard_swish"]))
    # A float32 below 1e-38 has fewer than six digits, and no attribute is so small.
    numbers = st.floats(0, 1e3, width=32, allow_subnormal=False).map(
        lambda number: float(f"{number:.6g}")
    )
    given_attributes: dict[str, Any] = {
        "strides": draw(st.tuples(sizes, sizes)),
        "paddings": draw(st.tuples(sizes, sizes, sizes, sizes)),
        "dilations": draw(st.tuples(sizes, sizes)),
        "groups": groups,
        "with_act": bool(activation),
        "act_type": activation,
        "fuse_brelu_threshold": draw(numbers),
        "leaky_relu_alpha": draw(numbers),
    }
    kind = known_kinds()["conv2d"]
    attributes = Attributes({**kind.attributes, **given_attributes})
    return OpSpec(
        kind="conv2d",
        inputs=inputs,
        weights=weights,
        outputs=Shapes(Output=((1, filters[0], draw(sizes), draw(sizes)),)),
        attributes=kind.normal_form(attributes, inputs, weights),
    )


@given(convolutions())
def test_any_convolution_is_read_back(spec: OpSpec) -> None:
    with temporary_folder() as folder:
        write_operator_model(spec, folder / "operator")
        assert read_graph(folder / "operator.pdmodel").specs == (spec,)


def test_a_number_is_the_decimal_that_was_meant(tmp_path: Path) -> None:
    """Descriptions have 32 bits, and a key that is 0.10000000149 would miss one that is 0.1."""
    for alpha in (0.1, 0.01, 1e-5, 0.33333334):
        spec = OpSpec(
            kind="leaky_relu",
            inputs=relu(8).inputs,
            outputs=relu(8).outputs,
            attributes=Attributes(alpha=alpha),
        )
        write_operator_model(spec, tmp_path / "operator")
        assert read_graph(tmp_path / "operator.pdmodel").specs == (spec,)


def test_unknown_kind_is_not_written(tmp_path: Path) -> None:
    spec = OpSpec(kind="warp_drive", inputs=relu(8).inputs, outputs=relu(8).outputs)
    with pytest.raises(ModelError, match="'warp_drive'"):
        write_operator_model(spec, tmp_path / "operator")


def test_unknown_kind_is_read_without_the_outputs_that_nothing_reads(tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "operator")
    program = read_program(tmp_path / "operator.pdmodel")
    (op,) = (op for op in program.blocks[0].ops if op.type == "relu")
    op.type = "warp_drive"
    op.outputs.add(parameter="Scratch", arguments=["scratch"])
    program.blocks[0].vars.add(name="scratch").type.dense_tensor.tensor.dims.extend([0, 8])
    (spec,) = graph_of(program, tmp_path).specs
    assert (spec.kind, set(spec.outputs)) == ("warp_drive", {"Out"})


def test_inputs_and_outputs_are_in_the_runtime_s_order(tmp_path: Path) -> None:
    """Paddle writes the operators that feed in reverse; their column counts."""
    spec = next(
        example for example in examples(known_kinds()["elementwise_add"]) if not example.weights
    )
    write_operator_model(spec, tmp_path / "operator")
    program = read_program(tmp_path / "operator.pdmodel")
    for op, column in zip(program.blocks[0].ops, (1, 0), strict=False):
        assert op.type == "feed"
        op.attrs[0].i = column
    assert list(feed_shapes(program)) == ["y_0", "x_0"]
    assert list(graph_of(program, tmp_path).feeds) == ["y_0", "x_0"]


def test_open_shapes(tmp_path: Path) -> None:
    write_operator_model(convolution(3, 4), tmp_path / "operator")
    program = read_program(tmp_path / "operator.pdmodel")
    shapes = {
        variable.name: variable.type.dense_tensor.tensor.dims for variable in program.blocks[0].vars
    }
    shapes["output_0"][2] = -1
    (node,) = graph_of(program, tmp_path).nodes
    assert node.spec.is_open
    assert node.spec.output_shape == (1, 4, 1, 8)
    assert node.spec.attributes["groups"] == 1
    shapes["input_0"][0] = -1
    assert feed_shapes(program) == {"input_0": (-1, 3, 8, 8)}
    with pytest.raises(ModelError, match=r"\[-1, 3, 8, 8\] of input 'input_0'.*--input-shape"):
        graph_of(program, tmp_path)


def test_control_flow(tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "operator")
    program = read_program(tmp_path / "operator.pdmodel")
    program.blocks.add(idx=1, parent_idx=0)
    with pytest.raises(ModelError, match="control flow"):
        graph_of(program, tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a program", b"\x0a\x02\x08\x00", bytes(1000)])
def test_no_program(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.pdmodel"
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=r"model\.pdmodel is not a Paddle program description"):
        read_graph(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"cannot read .*: No such file"):
        read_graph(tmp_path / "model.pdmodel")


READ = """
import sys
from pathlib import Path
from edgeslim.paddle_io.program_graph import read_graph

print(read_graph(Path(sys.argv[1])).specs[0].kind, "paddle" in sys.modules)
"""


def test_descriptions_are_read_without_paddle(tmp_path: Path) -> None:
    write_operator_model(relu(8), tmp_path / "operator")
    assert run_python(READ, tmp_path / "operator.pdmodel").split() == ["relu", "False"]
