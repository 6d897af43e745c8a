"""The device has the last word: what it runs too slowly cannot win."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.program_graph import read_graph
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.device_session import open_device
from edgeslim.progress import SILENT
from edgeslim.search.algorithms import ALGORITHMS, Problem
from edgeslim.search.evaluation import Evaluation
from edgeslim.search.finalists import choose_winner
from edgeslim.search.limits import LatencyLimit
from edgeslim.search.run_folder import Candidate, RunFolder
from edgeslim.training.tasks import find_task
from tests.search.made_up import made_up_table, small_space

pytestmark = pytest.mark.slow

SPACE = small_space()
SMALLEST = tuple(0 for _ in SPACE.ranges)
LARGEST = tuple(size - 1 for size in SPACE.ranges)


@pytest.fixture
def limit(tmp_path: Path) -> LatencyLimit:
    load_paddle()
    predictor = Predictor(made_up_table(tmp_path / "host.jsonl", SPACE))
    return LatencyLimit(SPACE, PopulationPredictor(predictor, SPACE), 1.0)


def test_the_most_accurate_does_not_win_where_the_device_takes_too_long_for_it(
    limit: LatencyLimit, tmp_path: Path
) -> None:
    from edgeslim.training.short_training import ShortTraining

    # The table is said to believe that both are as fast as can be.
    candidates = [
        Candidate(tokens=LARGEST, predicted_ms=0.001, accuracy=0.99),
        Candidate(tokens=SMALLEST, predicted_ms=0.001, accuracy=0.5),
    ]
    session = open_device("host")
    training = ShortTraining(find_task("digits"), SPACE.input_shape, epochs=1)

    def winner_within(target_ms: float, folder: str) -> tuple[Candidate, dict[object, float]]:
        limit.target_ms = target_ms
        winner, measured = choose_winner(
            candidates,
            limit=limit,
            session=session,
            training=training,
            run=RunFolder(tmp_path / folder),
            seed=0,
            progress=SILENT,
        )
        return winner, {each.tokens: each.measured_ms or math.nan for each in measured}

    winner, measured_ms = winner_within(1000.0, "generous")
    assert winner.tokens == LARGEST
    assert set(measured_ms) == {LARGEST, SMALLEST}
    assert measured_ms[LARGEST] > 3 * measured_ms[SMALLEST]
    between_ms = math.sqrt(measured_ms[LARGEST] * measured_ms[SMALLEST])
    winner, _ = winner_within(between_ms, "tight")
    assert winner.tokens == SMALLEST
    assert winner.measured_ms is not None
    assert winner.measured_ms <= between_ms
    # What is saved is the winner's network, not the other's.
    graphs = {
        name: read_graph(tmp_path / name / "model/model.pdmodel", None)
        for name in ("generous", "tight")
    }
    assert len(graphs["tight"].nodes) < len(graphs["generous"].nodes)


def test_a_network_whose_training_fails_counts_as_never_right_and_the_search_goes_on(
    limit: LatencyLimit, tmp_path: Path
) -> None:
    from edgeslim.training.short_training import ShortTraining

    training = ShortTraining(find_task("digits"), SPACE.input_shape, epochs=1, learning_rate=1e30)
    run = RunFolder(tmp_path / "run")
    problem = Problem(
        ranges=SPACE.ranges,
        start=SMALLEST,
        feasible=limit.holds,
        generator=np.random.default_rng(0),
    )
    evaluation = Evaluation(run=run, limit=limit, training=training, seed=0)
    evaluated = evaluation.evaluate(ALGORITHMS.get("annealing")(problem), 2, SILENT)
    assert [each.accuracy for each in evaluated] == [0.0, 0.0]
    assert list(run.evaluations().values()) == evaluated
