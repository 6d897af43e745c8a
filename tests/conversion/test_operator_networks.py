"""Small networks drawn of operators and their attributes: none may leave as something else."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.tools import PROJECT, benchmark_package, require_module

draws = benchmark_package("operator_networks.draws")
catalogue = benchmark_package("operator_networks.catalogue")
judging = benchmark_package("operator_networks.judging")
page = benchmark_package("operator_networks.page")
Case = benchmark_package("operator_networks.case").Case

SAMPLE = (
    *("conv2d", "conv2d, depthwise", "conv2d_transpose", "conv1d", "max_pool2d", "avg_pool2d"),
    *("adaptive_avg_pool2d", "leaky_relu", "hardtanh", "clip", "floor", "add", "divide"),
    *("sum", "max", "linear", "softmax", "group_norm", "reshape", "transpose", "split"),
    *("pad", "upsample", "embedding"),
)


def test_a_seed_always_draws_the_same() -> None:
    code = (
        "import sys; sys.path.append('benchmarks')\n"
        "from operator_networks.draws import corpus\n"
        "print('\\n'.join(case.line for case in corpus(300, 7)), end='')"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    lines = [case.line for case in draws.corpus(300, 7)]
    assert other.stdout.splitlines() == lines
    assert lines != [case.line for case in draws.corpus(300, 8)]


def test_every_operator_is_drawn_and_every_line_is_its_case() -> None:
    cases = draws.corpus(300, 1)
    assert len(cases) == 300
    assert {case.operator for case in cases} == set(catalogue.OPERATORS)
    assert all(Case.read(case.line) == case for case in cases)


def test_of_enough_cases_each_value_of_each_attribute_is_one() -> None:
    enough = sum(operator.worth for operator in catalogue.OPERATORS.values()) * 8
    drawn: dict[tuple[str, str], set[str]] = {}
    for case in draws.corpus(enough, 1):
        for attribute, value in case.attributes.items():
            drawn.setdefault((case.operator, attribute), set()).add(str(value))
    missing = {
        (name, attribute): {str(value) for value in values} - drawn[name, attribute]
        for name, operator in catalogue.OPERATORS.items()
        for attribute, values in operator.choices.items()
    }
    assert not {place: values for place, values in missing.items() if values}


def test_more_cases_are_more_of_the_same() -> None:
    few = Counter(case.line for case in draws.corpus(300, 3))
    more = Counter(case.line for case in draws.corpus(600, 3))
    assert not few - more


def judged(truth: Any, found: Any) -> Any:
    pair = ({"noise": [np.asarray(array, np.float32)]} for array in (truth, found))
    return judging.judge(*pair)


def test_one_element_of_many_is_enough_to_be_wrong() -> None:
    truth = np.linspace(-1, 1, 1000)
    found = truth.copy()
    assert judged(truth, found).right
    found[3] += 0.01
    verdict = judged(truth, found)
    assert not verdict.right
    assert not verdict.near
    assert verdict.share == pytest.approx(0.001)
    assert verdict.worst == pytest.approx(0.01, rel=1e-3)


def test_a_large_value_hides_nothing_small_that_is_another_function() -> None:
    verdict = judged([1.0, 1.0], [1.0, 1.0005])
    assert (verdict.right, verdict.near) == (False, True)


def test_no_number_is_right_only_where_the_layer_has_none() -> None:
    assert judged([np.nan, np.inf, 1.0], [np.nan, np.inf, 1.0]).right
    for found in ([0.0, np.inf, 1.0], [np.nan, -np.inf, 1.0], [np.nan, np.inf, np.nan]):
        assert not judged([np.nan, np.inf, 1.0], found).right


def test_extents_in_another_order_are_wrong() -> None:
    assert judged(np.zeros((1, 2, 3)), np.zeros((2, 3))).right
    assert not judged(np.zeros((2, 3)), np.zeros((3, 2))).right


def test_the_page_has_ranges_counts_and_shares() -> None:
    end = {"status": "proved", "message": ""}
    records = [
        {
            "case": {"operator": "elu", "attributes": {"alpha": alpha}},
            "changes": ["elu: written otherwise (1)"],
            "x86": end,
            "arm": {**end, "status": arm},
        }
        for alpha, arm in ((1.0, "proved"), (0.3, "proved"), (2.0, "proved"), (0.5, "aborted"))
    ]
    text = page.page(records, "the command", "the machine")
    assert "x86 100.0 %, arm 75.0 %" in text
    assert "| `elu` | alpha 0.3..2 | right 3 | right 3 | elu: written otherwise |" in text
    assert "|  | alpha 0.5 | right 1 | `opt` aborts 1 | elu: written otherwise |" in text


ABSENT = (
    *("acos", "acosh", "asin", "asinh", "atan", "atanh", "tan", "sinh", "cosh", "expm1", "log2"),
    *("log10", "log1p", "logit", "celu", "selu", "gelu", "hardshrink", "softshrink", "tanhshrink"),
    *("stanh", "log_sigmoid", "softsign", "thresholded_relu", "rrelu", "ceil", "trunc", "sign"),
    *("isnan", "isinf", "isfinite", "isclose", "argmin", "add_n", "addmm", "dot", "mv", "einsum"),
    *("bilinear", "logsumexp", "maxout", "pixel_unshuffle", "avg_pool3d", "local_response_norm"),
    *("interpolate of a line", "repeat_interleave", "lp_pool2d", "cross", "kron", "diagonal"),
    *("masked_fill", "fmax", "lerp", "interpolate, bicubic", "interpolate of a volume"),
)
"""Operators that Paddle-Lite has not on one target or both."""


@pytest.mark.slow
@pytest.mark.parametrize("names", [SAMPLE, ABSENT], ids=["common", "absent"])
def test_networks_of_a_sample_are_converted_and_proved_for_both(names: tuple[str, ...]) -> None:
    require_module("paddlelite")
    trials = benchmark_package("operator_networks.trials")
    records = list(trials.try_cases(draws.sample(names, 1)))
    for target in ("x86", "arm"):
        ends = {record["case"]["operator"]: record[target]["status"] for record in records}
        assert ends == dict.fromkeys(names, "proved")


ATTRIBUTES: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("gelu", {"approximate": True}, (3, 12)),
    ("thresholded_relu", {"threshold": 0.3, "value": -0.5}, (3, 12)),
    ("argmax", {"axis": None, "keepdim": True, "dtype": "int64"}, (2, 5, 9)),
    ("argmin", {"axis": None, "keepdim": False}, (2, 5, 9)),
    ("logsumexp", {"axis": None, "keepdim": False}, (2, 5, 9)),
    ("logsumexp", {"axis": [-1, 0], "keepdim": False}, (2, 5, 9)),
    ("maxout", {"groups": 4, "axis": -1}, (2, 8, 5, 8)),
    ("log_softmax", {"axis": 1}, (2, 5, 9)),
    ("round", {}, (2, 5, 9)),
    ("leaky_relu", {"negative_slope": 1.5}, (3, 12)),
    ("floor_divide", {"other": "negative number", "side": "right"}, (3, 12)),
    ("remainder", {"other": "number", "side": "left"}, (3, 12)),
    ("slice by index", {"slice": "x[..., 5:1:-2]"}, (1, 8, 6, 7)),
    ("slice by index", {"slice": "x[..., ::-1]"}, (2, 6, 9)),
    ("roll", {"shifts": -2, "axis": None}, (1, 8, 6, 7)),
    (
        "topk",
        {"k": 2, "axis": 1, "largest": False, "sorted": True},
        (3, 12),
    ),
    (
        "pad",
        {"pad": [2, 2, 2, 2, 1, 1], "mode": "constant", "value": 1.5},
        (1, 2, 4, 5, 6),
    ),
    (
        "pad",
        {"pad": [1, 2, 0, 1, 1, 0], "mode": "reflect", "value": 0.0},
        (2, 6, 9),
    ),
    *(
        (
            "interpolate, bilinear",
            {"mode": "bilinear", "to": to, "align_corners": False, "align_mode": 0},
            (2, 4, 10, 7),
        )
        for to in (0.5, 1.3, 1.4, 0.7)
    ),
    *(
        ("pad", {"pad": [1, 2, 0, 1, 1, 0], "mode": mode, "value": 0.0}, (1, 8, 6, 7))
        for mode in ("reflect", "replicate", "circular")
    ),
    ("group_norm", {"groups": 2, "epsilon": 1e-3, "affine": True}, (2, 8, 9)),
    ("group_norm", {"groups": 2, "epsilon": 1e-3, "affine": True}, (2, 4, 3, 4, 5)),
    ("group_norm", {"groups": 2, "epsilon": 1e-3, "affine": False}, (3, 8)),
    ("instance_norm", {"epsilon": 1e-3, "affine": True}, (1, 8, 9)),
    ("instance_norm", {"epsilon": 1e-3, "affine": False}, (2, 7, 6)),
    ("mean", {"axis": [1, 3], "keepdim": True}, (2, 3, 4, 5, 6)),
    ("sum", {"axis": 1, "keepdim": False}, (1, 3, 8, 6, 6)),
    ("max", {"axis": [2, 3, 4], "keepdim": False}, (2, 3, 4, 5, 6)),
    ("min", {"axis": [0, -1], "keepdim": False}, (2, 2, 3, 2, 2, 3)),
    ("batch_norm", {"epsilon": 1e-3, "affine": False}, (2, 8, 9)),
    ("layer_norm", {"axes": 1, "epsilon": 1e-3, "affine": False}, (2, 5, 9)),
    (
        "matmul",
        {"weight": "stack of one", "transpose_x": True, "transpose_y": False},
        (2, 3, 4, 6),
    ),
    ("any", {"axis": [2, 1], "keepdim": True}, (2, 4, 5, 6)),
    ("cast", {"dtype": "float64", "back": "float32"}, (2, 5, 9)),
    *(
        ("einsum", {"equation": equation}, (2, 4, 5, 6))
        for equation in catalogue.OPERATORS["einsum"].choices["equation"]
    ),
]


@pytest.mark.slow
def test_attributes_that_change_how_an_operator_is_written() -> None:
    require_module("paddlelite")
    trials = benchmark_package("operator_networks.trials")
    cases = [
        Case(operator=operator, attributes=attributes, shape=shape, before="shift", seed=place)
        for place, (operator, attributes, shape) in enumerate(ATTRIBUTES)
    ]
    records = list(trials.try_cases(cases))
    wrong = [
        record for record in records if {record[t]["status"] for t in ("x86", "arm")} != {"proved"}
    ]
    assert not wrong
