"""Where channels go when axes are moved, joined or multiplied away."""

from __future__ import annotations

import pytest

from edgeslim.channels.plan import PruningPlan, Selection
from tests.channels.sketch import Sketch, widths, with_one, with_two


def by_reshape(net: Sketch, x: str) -> str:
    table = net.add("reshape2", x, (1, 2, 4, 8, 8), shape=(0, 2, 4, 8, 8))
    turned = net.add("transpose2", table, (1, 4, 2, 8, 8), axis=(0, 2, 1, 3, 4))
    return net.add("reshape2", turned, (1, 8, 8, 8), shape=(0, -1, 8, 8))


def by_operator(net: Sketch, x: str) -> str:
    return net.add("shuffle_channel", x, group=2)


@pytest.mark.parametrize("shuffle", [by_reshape, by_operator])
def test_a_shuffle_keeps_as_many_of_each_group(shuffle: object) -> None:
    net, a = with_one()
    assert callable(shuffle)
    net.conv(shuffle(net, a), "b", 4)
    found = net.channels()
    assert widths(found) == {("a",): 4, ("b",): 4}
    assert found.positions("a", 0, 0)[1].tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert found.positions("b", 1, 0)[1].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("flatten", ["reshape2", "flatten_contiguous_range"])
@pytest.mark.parametrize("kind", ["matmul_v2", "matmul", "fc", "mul"])
def test_each_channel_of_a_flattened_map_is_many_rows(kind: str, flatten: str) -> None:
    net = Sketch((1, 3, 7, 7))
    flat = net.add(flatten, net.conv("x", "a", 8), (1, 392))
    slots = {"Input": flat, "W": net.parameter("w", 392, 10), "Bias": net.parameter("b", 10)}
    if kind != "fc":
        slots = {"X": flat, "Y": slots["W"]}
    found = net.channels(net.linear(net.add(kind, slots, (1, 10)), "end", 3))
    assert widths(found) == {("a",): 8, ("w",): 10}
    places, units = found.positions("w", 0, 0)
    assert places.tolist() == list(range(392))
    assert units.tolist() == [row // 49 for row in range(392)]
    assert Selection(found, PruningPlan(kept={"a": (1, 7)})).shape("w", (392, 10)) == (98, 10)


@pytest.mark.parametrize("kind", ["fc", "mul"])
def test_a_matrix_product_that_flattens_by_itself(kind: str) -> None:
    net, a = with_one()
    weight = net.parameter("w", 512, 10)
    slots = {"Input": a, "W": weight} if kind == "fc" else {"X": a, "Y": weight}
    found = net.channels(net.add(kind, slots, (1, 10)))
    assert found.positions("w", 0, 0)[1].tolist() == [row // 64 for row in range(512)]


@pytest.mark.parametrize(
    ("kind", "shape", "attributes"),
    [
        ("pool2d", (1, 8, 4, 4), {"ksize": (2, 2), "strides": (2, 2)}),
        ("max_pool2d_with_index", (1, 8, 1, 1), {"adaptive": True}),
        ("bilinear_interp_v2", (1, 8, 16, 16), {}),
        ("nearest_interp_v2", (1, 8, 16, 16), {}),
        ("pad2d", (1, 8, 10, 10), {"paddings": (1, 1, 1, 1)}),
        ("relu6", None, {}),
        ("dropout", None, {}),
        ("flip", None, {"axis": (3,)}),
        ("softmax", None, {"axis": -1}),
        ("reduce_max", (1, 8, 1, 1), {"dim": (2, 3), "keep_dim": True}),
        ("tile", (1, 8, 16, 8), {"repeat_times": (1, 1, 2, 1)}),
    ],
)
def test_channels_pass(
    kind: str, shape: tuple[int, ...] | None, attributes: dict[str, object]
) -> None:
    net, a = with_one()
    net.conv(net.add(kind, a, shape, **attributes), "b", 4)  # type: ignore[arg-type]
    assert widths(net.channels()) == {("a",): 8, ("b",): 4}


@pytest.mark.parametrize(
    ("kind", "shape", "attributes"),
    [
        ("softmax", None, {"axis": 1}),
        ("log_softmax", None, {"axis": -3}),
        ("reduce_mean", (1, 1, 8, 8), {"dim": (1,), "keep_dim": True}),
        ("reduce_sum", (1, 1, 1, 1), {"dim": (), "keep_dim": True}),
        ("reduce_sum", (1, 1, 1, 1), {"dim": (0,), "reduce_all": True, "keep_dim": True}),
        ("flip", None, {"axis": (1,)}),
        ("group_norm", None, {"groups": 2}),
        ("layer_norm", None, {"begin_norm_axis": 1}),
    ],
)
def test_an_operator_that_mixes_channels_fixes_them(
    kind: str, shape: tuple[int, ...] | None, attributes: dict[str, object]
) -> None:
    net, a = with_one()
    net.add(kind, a, shape, **attributes)  # type: ignore[arg-type]
    assert net.channels().fixed["a"] == f"{kind} mixes it"


def test_a_gather_of_places_lets_channels_pass() -> None:
    net, a = with_one()
    picked = net.parameter("numbers", 4)
    net.add("gather", {"X": a, "Index": picked}, (1, 8, 4, 8), axis=2)
    assert widths(net.channels()) == {("a",): 8}


def test_the_mean_over_places_keeps_channels() -> None:
    net, a = with_one()
    flat = net.add("reduce_mean", a, (1, 8), dim=(2, 3))
    assert widths(net.channels(net.linear(flat, "w", 5))) == {("a",): 8}


def test_a_linear_layer_behind_a_transposition() -> None:
    net, a = with_one()
    last = net.add("transpose2", a, (1, 8, 8, 8), axis=(0, 2, 3, 1))
    made = net.linear(last, "w", 6)
    net.add("transpose2", made, (1, 6, 8, 8), axis=(0, 3, 1, 2))
    assert widths(net.channels()) == {("a",): 8, ("w",): 6}


def test_a_convolution_over_channels_as_places_fixes_them() -> None:
    """As ECA-Net does (https://arxiv.org/abs/1910.03151)."""
    net, a = with_one()
    row = net.add("transpose2", net.pool(a), (1, 1, 8, 1), axis=(0, 2, 1, 3))
    over = net.conv(row, "over", 1)
    back = net.add("transpose2", over, (1, 8, 1, 1), axis=(0, 2, 1, 3))
    net.add("elementwise_mul", {"X": a, "Y": back})
    assert net.channels().fixed["a"] == "conv2d runs over it"


def test_channels_that_become_a_batch_are_still_theirs() -> None:
    net, a = with_one()
    alone = net.add("reshape2", a, (8, 1, 8, 8), shape=(8, 1, 8, 8))
    mixed = net.conv(alone, "each", 1)
    net.add("reshape2", mixed, (1, 8, 8, 8), shape=(1, 8, 8, 8))
    assert widths(net.channels()) == {("a",): 8}


def test_products_of_maps_tie_channels_and_sums() -> None:
    net, a, b = with_two()
    net.add("matmul_v2", {"X": a, "Y": b})
    (group,) = net.channels().groups
    assert (group.producers, group.why) == (("a", "b"), ("matmul_v2 meets both",))


def test_a_parameter_multiplied_from_the_left_lets_channels_pass() -> None:
    net, a = with_one()
    net.add("matmul_v2", {"Y": a, "X": net.parameter("p", 8, 8)}, (1, 8, 8, 8))
    found = net.channels()
    assert widths(found) == {("a",): 8}
    assert Selection(found, PruningPlan(kept={"a": (1,)})).shape("v1a", (1, 8, 8, 8))[1] == 1


def test_attention_sums_over_queries_and_keys() -> None:
    net = Sketch()
    q, k = (
        net.add("reshape2", net.conv("x", name, 8), (1, 8, 64), shape=(0, 8, 64)) for name in "qk"
    )
    scores = net.add("matmul_v2", {"X": q, "Y": k}, (1, 64, 64), trans_x=True)
    (group,) = net.channels(scores).groups
    assert (group.producers, group.why) == (("q", "k"), ("matmul_v2 sums over both",))
