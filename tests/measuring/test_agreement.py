"""Which of several passes over an operator are believed."""

from __future__ import annotations

from edgeslim.measuring.agreement import Pass, has_agreement, select_passes
from tests.values import timed


def one_pass(*milliseconds: float, reference: float = 1.0, disturbed: str = "") -> Pass:
    return Pass(
        measurements=tuple(
            timed(latency_ms, 8 * state) for state, latency_ms in enumerate(milliseconds)
        ),
        reference_ms=reference,
        disturbed=disturbed,
    )


def test_passes_agree_if_the_states_do_on_average() -> None:
    assert has_agreement(one_pass(1.0, 2.0), one_pass(1.04, 1.95))
    assert has_agreement(one_pass(1.0, 2.0), one_pass(1.1, 1.92)), (
        "single states scatter by themselves"
    )
    assert not has_agreement(one_pass(1.0, 2.0), one_pass(1.0, 2.3))
    assert not has_agreement(one_pass(1.0, 2.0), one_pass(1.2, 2.0))


def test_passes_are_compared_at_one_speed_of_the_device() -> None:
    assert has_agreement(one_pass(1.0, 2.0), one_pass(1.5, 3.0, reference=1.5))
    assert not has_agreement(one_pass(1.0), one_pass(1.0, reference=1.5))


def test_microseconds_of_the_clock_are_no_disagreement() -> None:
    assert has_agreement(one_pass(0.001), one_pass(0.0025))
    assert not has_agreement(one_pass(0.010), one_pass(0.013))


def test_the_two_that_disagree_least_are_believed() -> None:
    passes = [one_pass(3.0), one_pass(1.0), one_pass(1.9), one_pass(1.02)]
    assert select_passes(passes) == (passes[1], passes[3])


def test_a_single_pass_is_believed_for_want_of_another() -> None:
    passes = [one_pass(3.0)]
    assert select_passes(passes) == (passes[0],)


def test_disturbed_passes_that_agree_with_each_other_are_not_believed() -> None:
    disturbed = [one_pass(2.0, disturbed="slow"), one_pass(2.0, disturbed="slow")]
    quiet = [one_pass(1.0), one_pass(1.03)]
    assert select_passes([*disturbed, *quiet]) == tuple(quiet)
    assert select_passes([*disturbed, quiet[0]]) == (quiet[0],)
    assert select_passes(disturbed) == tuple(disturbed)
