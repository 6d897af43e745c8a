"""Every function of Paddle: saved by Paddle 3, written as an old program, computed both ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle.base.framework import OpProtoHolder

from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.pir.file_translation import translate_files
from edgeslim.paddle_io.pir.operators import OPERATORS
from edgeslim.paddle_io.pir.proof import run_pir_in_paddle
from tests.paddle_io.pir.documents import FIXTURES, VERSIONS
from tests.paddle_io.pir.operator_cases import FAMILIES, INPUTS, REFUSED, reads

pytestmark = pytest.mark.slow

_DECLARED = {
    "bool": 6,
    "bounds": 3,
    "float": 1,
    "float64": 15,
    "floats": 4,
    "int": 0,
    "ints": 3,
    "long": 9,
    "longs": 11,
    "scalars": 17,
    "str": 2,
    "type": 0,
}
"""Paddle's ``AttrType`` of each type of attributes in the table."""

_EXTRA = {("relu6", "threshold"), ("swish", "beta")}
"""Attributes that Paddle fills in elsewhere than its own description says."""


def save(case: Callable[..., Any], prefix: Path) -> dict[str, Any]:
    """Saves a network of one function in Paddle 3's format; returns its inputs."""
    inputs = {name: INPUTS[name] for name in reads(case)}
    arguments = ", ".join(inputs)
    names: dict[str, Any] = {"paddle": paddle, "case": case}
    # Paddle looks at the names of arguments.
    exec(  # noqa: S102 - of our own names
        f"class Net(paddle.nn.Layer):\n    def forward(self, {arguments}):\n"
        f"        return case({arguments})\n",
        names,
    )
    net = names["Net"]()
    if hasattr(case, "layer"):
        net.layer = case.layer
    net.eval()
    net.forward = paddle.jit.not_to_static(net.forward)
    spec = [
        paddle.static.InputSpec(list(value.shape), value.dtype.name, name=name)
        for name, value in inputs.items()
    ]
    with paddle.pir_utils.IrGuard():
        paddle.jit.save(net, str(prefix), input_spec=spec)
    return inputs


def difference(path: Path, inputs: dict[str, Any], prefix: Path) -> str:
    """What an old program computes otherwise than the new one, or nothing."""
    (expected,) = run_pir_in_paddle(path, [inputs])
    found = run_in_paddle(prefix, inputs)
    assert len(expected) == len(found)
    for truth, output in zip(expected, found, strict=True):
        if (truth.shape, truth.dtype) != (output.shape, output.dtype):
            return f"{output.dtype}{output.shape}, not {truth.dtype}{truth.shape}"
        if not np.array_equal(truth, output, equal_nan=truth.dtype.kind == "f"):
            return f"off by {np.max(np.abs(truth.astype(float) - output.astype(float)))}"
    return ""


@pytest.mark.parametrize("family", FAMILIES)
def test_computes_the_same(family: str, tmp_path: Path) -> None:
    wrong, refused = {}, {}
    for name, case in FAMILIES[family].items():
        folder = tmp_path / name.replace(" ", "_")
        inputs = save(case, folder / "inference")
        try:
            translate_files(
                folder / "inference.json", folder / "inference.pdiparams", folder / "old"
            )
        except ModelError as error:
            refused[name] = str(error)
            continue
        found = difference(folder / "inference.json", inputs, folder / "old")
        if found:
            wrong[name] = found
    assert not wrong
    assert refused.keys() == REFUSED.keys() & FAMILIES[family].keys()
    for name, said in refused.items():
        assert REFUSED[name] in said


@pytest.mark.parametrize("version", VERSIONS)
def test_computes_what_the_network_did_in_the_version_that_saved_it(
    version: str, tmp_path: Path
) -> None:
    folder = FIXTURES / version
    translate_files(folder / "inference.json", folder / "inference.pdiparams", tmp_path / "old")
    with np.load(folder / "expected.npz") as arrays:
        given = dict(arrays)
    inputs = {name: value for name, value in given.items() if not name.startswith("output")}
    found = run_in_paddle(tmp_path / "old", inputs)
    assert len(found) == 5
    for place, output in enumerate(found):
        np.testing.assert_allclose(output, given[f"output{place}"], rtol=2e-6, atol=2e-6)
    assert difference(folder / "inference.json", inputs, tmp_path / "old") == ""


@pytest.mark.parametrize("name", OPERATORS)
def test_a_row_fits_what_paddle_says_of_the_old_operator(name: str) -> None:
    row = OPERATORS[name]
    described = OpProtoHolder.instance().op_proto_map[row.kind]
    slots = {slot.name for slot in described.inputs}
    declared = {attr.name: attr.type for attr in described.attrs}
    for operand in row.operands:
        assert {operand.slot, operand.list_slot} - {""} <= slots
        if operand.attribute:
            assert declared[operand.attribute] == _DECLARED[operand.type]
    assert set(row.results) - {""} <= {slot.name for slot in described.outputs}
    for old, kind in row.attributes.values():
        assert declared[old] == _DECLARED[kind]
    for constant in row.constants:
        assert constant in declared or (row.kind, constant) in _EXTRA
