"""Small networks of all operators: none meets a law that nothing was done about."""

from __future__ import annotations

import pytest

from edgeslim.execution import Target
from tests.tools import benchmark_package, require_module

draws = benchmark_package("operator_networks.draws")

pytestmark = pytest.mark.slow

WRITTEN = (
    *(
        "conv2d",
        "conv2d_transpose, depthwise",
        "relu6",
        "pow",
        "tanh",
        "sign",
        "round",
        "log_softmax",
    ),
    *("acos", "isfinite", "logsumexp", "pad", "reshape", "unbind", "linear", "SimpleRNN"),
)
REFUSED = ("cummax", "kthvalue")


@pytest.mark.parametrize("target", Target)
def test_of_a_sample_no_law_is_met_by_what_reaches_or_leaves_the_optimizer(target: Target) -> None:
    require_module("paddlelite")
    laws = benchmark_package("operator_networks.laws")
    records = list(laws.judge_cases(draws.sample((*WRITTEN, *REFUSED), 19), target))
    found = {record["case"]["operator"]: record for record in records}
    assert {name for name in found if found[name]["status"] == "refused"} == set(REFUSED)
    assert all(found[name]["refused"] for name in REFUSED)
    converted = [record for record in records if record["status"] == "converted"]
    assert len(converted) == len(records) - len(REFUSED)
    assert len([record for record in converted if record["rewritten"]]) > len(converted) / 2
    assert not [record for record in converted if record["left"]]
