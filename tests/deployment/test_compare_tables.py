"""Two tables beside each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.deployment.compare_tables import compare_tables
from edgeslim.latency_table import LatencyTable, NetworkRow, OperatorRow
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from tests.values import CONTEXT, chain, convolution, relu

SPECS = [convolution(width, width) for width in range(4, 44)]
NOISE = 0.02


def table(
    path: Path, seed: int, factors: dict[OpSpec, float] | None = None, speed: float = 1.0
) -> LatencyTable:
    """Two passes over forty operators and three over a network, on a device of some speed."""
    generator = np.random.default_rng(seed)
    made = LatencyTable.open(path / f"{seed}.jsonl", CONTEXT)

    def measured(latency_ms: float) -> tuple[Measurement, ...]:
        noisy_ms = speed * latency_ms * np.exp(generator.normal(0, NOISE))
        return (Measurement(samples_ns=(round(1e6 * noisy_ms),) * 5),)

    rows: list[OperatorRow | NetworkRow] = [
        OperatorRow(
            operator=spec,
            measurements=measured((factors or {}).get(spec, 1.0) * (1 + number)),
            reference_ms=speed * 0.5,
        )
        for _ in range(2)
        for number, spec in enumerate(SPECS)
    ]
    rows += [
        NetworkRow(
            name="net",
            graph=chain(*SPECS[:3]),
            measurements=measured(6.0),
            reference_ms=speed * 0.5,
        )
        for _ in range(3)
    ]
    made.add(*rows)
    return made


def test_the_operators_that_changed_are_believed_and_hardly_another(tmp_path: Path) -> None:
    factors = {SPECS[3]: 1.3, SPECS[20]: 0.7}
    found = compare_tables(table(tmp_path, 1), table(tmp_path, 2, factors))
    is_discovery = [operator for operator in found.operators if operator.is_discovery]
    assert {operator.operator for operator in is_discovery[:2]} == set(factors)
    assert len(is_discovery) <= 4
    assert found.operators[0].ratio == pytest.approx(0.7, rel=0.1)
    assert found.ratio == pytest.approx(1, abs=0.02)
    assert found.p_value > 0.001
    assert found.context == ""


def test_a_shift_of_all_is_seen_in_all(tmp_path: Path) -> None:
    found = compare_tables(table(tmp_path, 1), table(tmp_path, 2, dict.fromkeys(SPECS, 1.05)))
    assert found.ratio == pytest.approx(1.05, abs=0.02)
    assert found.p_value < 0.001


def test_a_device_that_is_slower_as_a_whole_is_no_change_of_operators(tmp_path: Path) -> None:
    found = compare_tables(table(tmp_path, 1), table(tmp_path, 2, speed=1.5))
    assert found.speed == pytest.approx(1.5)
    assert found.ratio == pytest.approx(1, abs=0.02)
    assert found.networks["net"].verdict == "no difference"
    assert found.networks["net"].counts == (3, 3)


def test_what_is_in_one_alone_is_listed(tmp_path: Path) -> None:
    before, after = table(tmp_path, 1), table(tmp_path, 2)
    measurements = (Measurement(samples_ns=(1000,)),)
    after.add(OperatorRow(operator=relu(8), measurements=measurements))
    found = compare_tables(before, after)
    assert (found.only_before, found.only_after) == ((), (relu(8),))
    assert compare_tables(after, before).only_before == (relu(8),)


def test_single_passes_cannot_tell(tmp_path: Path) -> None:
    tables = []
    for number, latency_ns in enumerate((1_000_000, 2_000_000)):
        made = LatencyTable.open(tmp_path / f"single{number}.jsonl", CONTEXT)
        made.add(
            OperatorRow(operator=relu(8), measurements=(Measurement(samples_ns=(latency_ns,)),))
        )
        tables.append(made)
    (only,) = compare_tables(*tables).operators
    assert (only.ratio, only.p_value, only.is_discovery) == (2.0, 1.0, False)


def test_tables_of_nothing_are_no_difference(tmp_path: Path) -> None:
    empty = LatencyTable.open(tmp_path / "empty.jsonl", CONTEXT)
    found = compare_tables(empty, empty)
    assert (found.operators, found.ratio, found.p_value, found.speed) == ((), 1.0, 1.0, None)
