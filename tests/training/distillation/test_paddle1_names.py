"""Feature maps by the names that Paddle 1.x gave them."""

from __future__ import annotations

import pytest

from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.training.distillation import Term, check_term
from edgeslim.training.distillation._paddle1_names import find_paddle1_name
from tests.channels.sketch import Sketch

MAPS = {
    "conv2d_0.tmp_0": "v0a",
    "batch_norm_0.tmp_2": "v1a",
    "batch_norm_0.tmp_3": "v2a",
    "depthwise_conv2d_0.tmp_0": "v3a",
    "res50_conv2d_1.tmp_0": "v4a",
    "elementwise_add_0.tmp_0": "v5a",
    "elementwise_add_0.tmp_1": "v6a",
    "pool2d_0.tmp_0": "v7a",
    "fc_0.tmp_0": "v9a",
    "res_fc.tmp_0": "v9a",
    "fc_0.tmp_1": "v10a",
    "teacher_fc_0.tmp_2": "v11a",
    "linear_0.tmp_1": "v10a",
    "fc_1.tmp_0": "",
    "fc_0.tmp_3": "",
    "batch_norm_0.tmp_0": "",
    "res_conv2d.tmp_0": "",
    "fc_0": "",
    "pool.tmp_0": "",
}


@pytest.fixture(scope="module")
def graph() -> Graph:
    net = Sketch()
    x = net.conv("x", "stem", 8)
    scale, bias, mean, variance = (net.parameter(name, 8) for name in "sbmv")
    slots = {"X": x, "Scale": scale, "Bias": bias, "Mean": mean, "Variance": variance}
    x = net.add("relu6", net.add("batch_norm", slots))
    y = net.conv(net.conv(x, "dw", 8, groups=8, kind="depthwise_conv2d"), "linear", 8)
    x = net.add("relu", net.add("elementwise_add", {"X": x, "Y": y}))
    x = net.add("flatten_contiguous_range", net.pool(x), (1, 8), start_axis=1, stop_axis=3)
    x = net.linear(x, "fc_weights", 4)
    x = net.add("elementwise_add", {"X": x, "Y": net.parameter("fc_offset", 4)}, axis=1)
    return net.graph(net.add("softmax", x))


@pytest.mark.parametrize("name", MAPS)
def test_a_name_of_paddle_1_is_found_by_what_it_means(graph: Graph, name: str) -> None:
    assert find_paddle1_name(name, graph) == MAPS[name]


def test_what_it_means_is_offered_before_what_is_spelled_alike(graph: Graph) -> None:
    term = Term(name="l2", loss="l2", student=("fc_0.tmp_0",), teacher=("v9a",))
    with pytest.raises(UsageError) as caught:
        check_term(term, graph, graph)
    assert str(caught.value).startswith(
        "student_feature_map: unknown feature map of the student 'fc_0.tmp_0'; did you mean "
        "'v9a', which Paddle 1.x called so? known: v0a, v1a, v2a, "
    )
