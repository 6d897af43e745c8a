"""What an interpolation must be, whatever was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.opspec import OpSpec
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Interpolator
from edgeslim.profiling.selection import select_operators
from tests.prediction.made_up_device import depthwise
from tests.values import convolution, relu

widths = st.integers(1, 300)
specs = st.one_of(
    st.builds(convolution, widths, widths, st.sampled_from([7, 14]), st.sampled_from([1, 3])),
    st.builds(depthwise, st.integers(2, 300)),
    st.builds(relu, widths),
)
latencies = st.tuples(st.floats(1e-4, 1e3), st.floats(1e-4, 1e3)).map(np.array)
tables: st.SearchStrategy[dict[OpSpec, Array]] = st.dictionaries(
    specs, latencies, min_size=1, max_size=10
)
few = settings(max_examples=5, deadline=None)
"""Each example fits several models."""


@few
@given(known=tables, others=st.lists(specs, max_size=5))
def test_a_knot_is_returned_exactly_among_whatever_others(
    known: dict[OpSpec, Array], others: list[OpSpec]
) -> None:
    found = Interpolator(known).estimate([*others, *known])
    assert (found.latencies_ms[len(others) :] == np.array(list(known.values()))).all()
    assert (found.errors[len(others) :] == 0).all()


@few
@given(known=tables, others=st.lists(specs, min_size=1, max_size=5))
def test_estimates_are_positive_and_finite_where_the_family_is_known(
    known: dict[OpSpec, Array], others: list[OpSpec]
) -> None:
    found = Interpolator(known).estimate(others)
    for spec, latencies_ms, error in zip(others, found.latencies_ms, found.errors, strict=True):
        if any(other.kind == spec.kind for other in known):
            assert (latencies_ms > 0).all()
            assert np.isfinite(latencies_ms).all()
            # Nothing that was not measured is as sure as what was.
            assert (error > 0) == (spec not in known)
            assert np.isfinite(error)
        else:
            assert np.isnan(latencies_ms).all()
            assert error == np.inf


@few
@given(
    c_in=st.integers(8, 64),
    slope=st.floats(0.2, 1.5),
    noise=st.lists(st.floats(-0.05, 0.05), min_size=4, max_size=4),
)
def test_the_error_grows_away_from_what_is_known(
    c_in: int, slope: float, noise: list[float]
) -> None:
    measured = (16, 32, 48, 64)
    known = {
        convolution(c_in, width): np.array([(1 + slope * width) * np.exp(off)])
        for width, off in zip(measured, noise, strict=True)
    }
    near_and_far = [convolution(c_in, width) for width in (48, 56, 256, 4096)]
    errors = Interpolator(known).estimate(near_and_far).errors
    assert errors[0] == 0
    assert (np.diff(errors) > 0).all()


@pytest.mark.slow
@few
@given(known=tables, others=st.lists(specs, max_size=5), data=st.data())
def test_the_order_of_what_is_known_does_not_matter(
    known: dict[OpSpec, Array], others: list[OpSpec], data: st.DataObject
) -> None:
    shuffled: Any = dict(data.draw(st.permutations(list(known.items()))))
    one, other = (Interpolator(measured).estimate(others) for measured in (known, shuffled))
    np.testing.assert_array_equal(one.latencies_ms, other.latencies_ms)
    np.testing.assert_array_equal(one.errors, other.errors)


@pytest.mark.slow
@few
@given(known=tables, others=st.lists(specs, min_size=1, max_size=5, unique=True))
def test_an_estimate_does_not_depend_on_what_else_is_asked(
    known: dict[OpSpec, Array], others: list[OpSpec]
) -> None:
    model = Interpolator(known)
    together = model.estimate(others)
    for index, spec in enumerate(others):
        alone = Interpolator(known).estimate([spec])
        assert alone.latencies_ms[0] == pytest.approx(
            together.latencies_ms[index], rel=1e-9, nan_ok=True
        )


@few
@given(known=tables, factor=st.floats(0.01, 100.0), others=st.lists(specs, max_size=3))
def test_a_device_of_another_speed_has_the_same_errors(
    known: dict[OpSpec, Array], factor: float, others: list[OpSpec]
) -> None:
    faster = {spec: latencies_ms * factor for spec, latencies_ms in known.items()}
    one, other = (Interpolator(measured).estimate(others) for measured in (known, faster))
    np.testing.assert_allclose(one.latencies_ms * factor, other.latencies_ms, rtol=0.02)
    np.testing.assert_allclose(one.errors, other.errors, rtol=0.05)


@few
@given(known=tables, candidates=st.dictionaries(specs, st.floats(0.01, 10.0), max_size=12))
def test_every_candidate_is_chosen_once_and_the_first_stay_the_first(
    known: dict[OpSpec, Array], candidates: dict[OpSpec, float]
) -> None:
    def chosen(count: int) -> list[OpSpec]:
        return select_operators(candidates, known, count, generator=np.random.default_rng(0))

    every = chosen(len(candidates))
    assert sorted(map(str, every)) == sorted(str(spec) for spec in candidates if spec not in known)
    assert len(set(every)) == len(every)
    assert every[:3] == chosen(3)
