"""The BlazeFace spaces against the table and the two networks that were published with them.

Sums: PaddleSlim's model zoo, "BlazeFace-NAS 21.117 ms" and "BlazeFace-NASV2 22.558 ms", which
its counter took from the table over every convolution of the network, those of the heads
included, and over nothing else.
"""

from __future__ import annotations

import math

import pytest

from edgeslim.execution import Target
from edgeslim.families.blazeface.architecture import PUBLISHED_TOKENS
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.resources import data_folder
from edgeslim.searching.limits import LatencyLimit, SearchLimits, feasible_start
from edgeslim.spaces import SPACES, every_operator
from edgeslim.table_keys import table_key
from edgeslim.tables.check import check_table

PUBLISHED_US = {"blazeface-nas": 21_117, "blazeface-nas-v2": 22_558}


@pytest.fixture(scope="module")
def table() -> LatencyTable:
    return LatencyTable.read(data_folder("latency_tables") / "snapdragon-855" / "latency_855.jsonl")


def test_the_table_says_where_it_comes_from_and_what_nobody_knows(table: LatencyTable) -> None:
    context = table.context
    assert len(table) == 595
    assert context.convention is Convention.BARE_CONVOLUTIONS
    assert context.provenance == (
        "PaddlePaddle/PaddleDetection slim/nas/latency_855.txt (Apache-2.0); in us; not recorded: "
        "samples, cache state, threads (taken as 1), power mode (taken as high), version of "
        "Paddle-Lite"
    )
    assert check_table(table.path).findings == ()


@pytest.mark.parametrize("name", PUBLISHED_US)
@pytest.mark.parametrize("target", Target)
def test_the_published_networks_take_what_was_published(
    table: LatencyTable, name: str, target: Target
) -> None:
    specs = SPACES.get("blazeface").space().operators(PUBLISHED_TOKENS[name], target)
    keys = [table_key(spec, Convention.BARE_CONVOLUTIONS) for spec in specs]
    samples = [
        measurement.samples_ns
        for key in keys
        if key is not None
        for measurement in table.measurements(key).values()
    ]
    assert len(samples) == 41
    assert sum(sample for (sample,) in samples) == 1000 * PUBLISHED_US[name]
    prediction = Predictor(table).predict(specs)
    assert prediction.total_ms == pytest.approx(PUBLISHED_US[name] / 1000, rel=1e-12)
    assert prediction.missing == ()
    assert prediction.excluded_kinds == {
        "fusion_elementwise_add_activation": 7,
        "pool2d": 3,
        "transpose2": 4,
        "reshape2": 4,
        "concat": 2,
    }
    assert {each.source for each in prediction.operators} == {Source.MEASURED, Source.LEFT_OUT}
    assert prediction.coverage == 41 / 61


def lacking(table: LatencyTable, space: str) -> list[OpSpec]:
    """Convolutions of any network of a space that the table lacks."""
    operators = every_operator(SPACES.get(space).space(), Target.ARM)
    keys = dict.fromkeys(table_key(spec, Convention.BARE_CONVOLUTIONS) for spec in operators)
    return [key for key in keys if key is not None and key not in table]


def test_all_networks_of_the_later_space_have_their_convolutions_in_the_table(
    table: LatencyTable,
) -> None:
    assert math.prod(SPACES.get("blazeface-2022").space().ranges) == 8_957_952
    assert lacking(table, "blazeface-2022") == []


def test_of_the_first_space_the_table_lacks_single_blocks_and_stems_of_20_channels_only(
    table: LatencyTable,
) -> None:
    assert math.prod(SPACES.get("blazeface").space().ranges) == 11_757_312
    missing = lacking(table, "blazeface")
    assert len(missing) == 22
    assert all(20 in {spec.input_shape[1], spec.output_shape[1]} for spec in missing)
    assert {spec.output_shape[2] for spec in missing} == {320, 160, 80}


def test_both_spaces_start_with_the_network_that_was_published_first() -> None:
    nets = [SPACES.get(name).space() for name in ("blazeface", "blazeface-2022")]
    first, later = (net.operators(net.initial_tokens, Target.ARM) for net in nets)
    assert first == later
    assert nets[0].initial_tokens == PUBLISHED_TOKENS["blazeface-nas"]


@pytest.mark.slow
def test_a_limit_of_the_phone_is_met_without_the_phone(table: LatencyTable) -> None:
    space = SPACES.get("blazeface-2022").space()
    predictor = PopulationPredictor(Predictor(table), space)
    limit = LatencyLimit(device="phone", predictor=predictor, target_ms=15.0, confidence=0.5)
    sizes = PopulationSizes(space, Target.ARM)
    limits = SearchLimits(space=space, latencies=(limit,), sizes=sizes)
    tokens = feasible_start(limits, 0)
    assert 0 < limits.predicted_ms(tokens)[0] <= 15.0
    assert tokens != space.initial_tokens
