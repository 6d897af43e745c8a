"""Pooling over everything is one thing, however it is written."""

from __future__ import annotations

from typing import Any

from edgeslim.ops import known_kinds, paddleslim1_flops
from edgeslim.opspec import Attributes, OpSpec, Shapes

KIND = known_kinds()["pool2d"]
INPUTS = Shapes(X=((1, 8, 7, 5),))


def normal(**attributes: Any) -> Attributes:
    return KIND.normal_form(Attributes({**KIND.attributes, **attributes}), INPUTS, Shapes())


def test_global_and_adaptive_to_one_are_the_same() -> None:
    one = normal(pooling_type="avg", global_pooling=True, ksize=(3, 3), strides=(2, 2))
    other = normal(pooling_type="avg", adaptive=True, ksize=(1, 1))
    assert one == other
    assert one["ksize"] == (7, 5)
    assert normal(pooling_type="max", global_pooling=True) != one


def test_a_window_is_kept_as_it_is() -> None:
    given = {"ksize": (3, 3), "strides": (2, 2), "paddings": (1, 1)}
    found = normal(**given)
    assert {name: found[name] for name in given} == given
    assert normal(adaptive=True, ksize=(2, 2))["adaptive"] is True


def test_the_old_counter_counts_declared_windows_only() -> None:
    def spec(**attributes: Any) -> OpSpec:
        return OpSpec(
            kind="pool2d",
            inputs=INPUTS,
            outputs=Shapes(Out=((1, 8, 3, 2),)),
            attributes=normal(**attributes),
        )

    assert paddleslim1_flops([spec(ksize=(3, 3))]) == 8 * 3 * 2 * 9
    assert paddleslim1_flops([spec(global_pooling=True)]) == 0
