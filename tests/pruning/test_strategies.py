"""Widths that strategies choose, on a small network with a made-up table."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import InfeasibleTargetError, MissingLatencyError, UsageError
from edgeslim.prediction.predictor import Predictor
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import ModelLatencyLimit, PruningLimit, WorkLimit
from edgeslim.pruning.loss_curves import LossCurve, LossCurves
from edgeslim.pruning.strategies import STRATEGIES, WidthProblem, choose_widths
from edgeslim.pruning.subject import PrunableModel, Widths
from tests.pruning.conftest import Trained
from tests.pruning.tables import made_up_table

pytestmark = pytest.mark.slow

NAMES = ("expand_weights", "first_weights")
SHARES = (0.75, 0.5, 0.3)


@pytest.fixture(scope="module")
def subject(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> PrunableModel:
    model = prepare(find_model(str(trained.prefix)), tmp_path_factory.mktemp("prepared"))
    channels = channels_of(model.graph)
    return PrunableModel(
        model=model, channels=channels, chosen=tuple(group.name for group in channels.groups)
    )


@pytest.fixture(scope="module")
def latency(subject: PrunableModel, tmp_path_factory: pytest.TempPathFactory) -> LatencyModel:
    table = made_up_table(tmp_path_factory.mktemp("table") / "host.jsonl", subject.model)
    return LatencyModel(subject, Predictor(table))


def losses() -> LossCurves:
    """The first group costs twice what the other does."""
    ratios = np.linspace(0, 1, 11)
    return LossCurves(
        curves={
            "first_weights": LossCurve.fit(ratios, 0.8 * ratios**2, highest=1.0),
            "expand_weights": LossCurve.fit(ratios, 0.4 * ratios**2, highest=1.0),
        }
    )


def good(widths: Widths) -> float:
    """A made-up accuracy: falls with what goes, more with the first group."""
    gone = {"first_weights": 1 - widths["first_weights"] / 10}
    gone["expand_weights"] = 1 - widths["expand_weights"] / 16
    return 1 - 0.5 * gone["first_weights"] ** 2 - 0.2 * gone["expand_weights"] ** 2


def problem(
    subject: PrunableModel, limit: PruningLimit, *, seed: int = 0, tries: int = 60
) -> WidthProblem:
    return WidthProblem(
        subject=subject,
        limit=limit,
        find_losses=losses,
        generator=np.random.default_rng(seed),
        evaluate=good,
        tries=tries,
    )


@pytest.fixture(params=SHARES)
def limits(
    request: pytest.FixtureRequest, subject: PrunableModel, latency: LatencyModel
) -> list[PruningLimit]:
    """A latency and an amount of work, each a share of the whole."""
    share = float(request.param)
    return [
        ModelLatencyLimit(model=latency, target_ms=share * latency.latency_ms({})),
        WorkLimit(subject=subject, maximum=share * subject.macs({})),
    ]


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_holds_the_limit_and_uses_most_of_it(
    name: str, subject: PrunableModel, limits: list[PruningLimit]
) -> None:
    for limit in limits[:1] if name == "latency-optimal" else limits:
        widths = STRATEGIES.get(name).widths(problem(subject, limit))
        assert sorted(widths) == list(NAMES)
        assert limit.of(widths) <= limit.maximum
        wider = [{**widths, each: widths[each] + 8} for each in widths]
        assert min(map(limit.of, wider)) > limit.maximum or name == "annealing"


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_what_is_out_of_reach_says_what_is_within(
    name: str, subject: PrunableModel, latency: LatencyModel
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=1e-4)
    with pytest.raises(InfeasibleTargetError, match="out of reach") as caught:
        STRATEGIES.get(name).widths(problem(subject, limit))
    assert "us" in str(caught.value) or "ms" in str(caught.value)


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_the_whole_model_is_kept_where_it_is_within_the_limit(
    name: str, subject: PrunableModel, latency: LatencyModel
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=2 * latency.latency_ms({}))
    widths = STRATEGIES.get(name).widths(problem(subject, limit))
    assert widths == {"first_weights": 10, "expand_weights": 16}


def nothing_lost() -> LossCurves:
    """Losses that were nought on few examples, with nothing else known."""
    flat = LossCurve.fit([0.5, 0.9], [0.0, 0.0])
    return LossCurves(curves=dict.fromkeys(NAMES, flat))


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_what_costs_nothing_stays_where_the_limit_is_met_already(
    name: str, subject: PrunableModel, latency: LatencyModel
) -> None:
    limits: list[PruningLimit] = [ModelLatencyLimit(model=latency, target_ms=1e4)]
    if name != "latency-optimal":
        limits.append(WorkLimit(subject=subject, maximum=subject.macs({})))
    for limit in limits:
        asked = problem(subject, limit)
        object.__setattr__(asked, "find_losses", nothing_lost)
        assert choose_widths(STRATEGIES.get(name), asked) == subject.whole


@pytest.mark.parametrize("name", STRATEGIES.names())
@pytest.mark.parametrize("share", [0.95, 0.8, 0.6])
def test_no_channel_goes_that_saves_nothing(
    name: str, share: float, subject: PrunableModel, latency: LatencyModel
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=share * latency.latency_ms({}))
    widths = choose_widths(STRATEGIES.get(name), problem(subject, limit))
    assert limit.is_met(widths)
    for group, width in widths.items():
        wider = [each for each in latency.choices[group] if each > width]
        assert all(limit.of({**widths, group: each}) > limit.of(widths) for each in wider)


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5])
def test_of_cuts_that_show_no_loss_only_those_are_made_that_are_needed(
    share: float, subject: PrunableModel, latency: LatencyModel
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=share * latency.latency_ms({}))
    asked = problem(subject, limit)
    flat = LossCurve.fit([0.5, 0.9], [0.0, 0.0], floor=0.01)
    object.__setattr__(asked, "find_losses", lambda: LossCurves(curves=dict.fromkeys(NAMES, flat)))
    widths = choose_widths(STRATEGIES.get("latency-optimal"), asked)
    assert limit.is_met(widths)
    for group, width in widths.items():
        wider = [each for each in latency.choices[group] if each > width]
        assert not any(limit.is_met({**widths, group: each}) for each in wider)


def test_of_networks_that_are_as_good_annealing_takes_the_one_that_keeps_most(
    subject: PrunableModel,
) -> None:
    limit = WorkLimit(subject=subject, maximum=0.8 * subject.macs({}))
    tried: list[Widths] = []

    def as_good(widths: Widths) -> float:
        tried.append(widths)
        return 0.9

    asked = problem(subject, limit)
    object.__setattr__(asked, "evaluate", as_good)
    found = STRATEGIES.get("annealing").widths(asked)
    assert limit.of(found) == max(map(limit.of, tried))


def test_latency_optimal_is_what_trying_everything_finds(
    subject: PrunableModel, latency: LatencyModel, limits: list[PruningLimit]
) -> None:
    limit = limits[0]
    curves = losses()

    def lost(widths: Widths) -> float:
        return sum(
            float(curves.loss_at(name, 1 - width / latency.forms.full[name]))
            for name, width in widths.items()
        )

    every = [
        {"first_weights": first, "expand_weights": expand}
        for first in latency.choices["first_weights"]
        for expand in latency.choices["expand_weights"]
    ]
    best = min(lost(each) for each in every if limit.is_met(each))
    found = STRATEGIES.get("latency-optimal").widths(problem(subject, limit))
    assert lost(found) == pytest.approx(best)


def test_the_posed_problem_costs_what_the_network_is_predicted_to_take(
    subject: PrunableModel, latency: LatencyModel
) -> None:
    widths = {"first_weights": 8, "expand_weights": 12}
    choices = {name: np.zeros(len(each)) for name, each in latency.choices.items()}
    posed = latency.problem(choices, widths)
    chosen = [each.index(widths[name]) for name, each in latency.choices.items()]
    assert posed.cost(chosen) == pytest.approx(latency.latency_ms(widths), rel=1e-9)
    assert latency.is_exact


def test_annealing_is_the_same_for_the_same_seed_and_never_over_the_limit(
    subject: PrunableModel, latency: LatencyModel
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=0.6 * latency.latency_ms({}))
    tried: list[float] = []

    def watched(widths: Widths) -> float:
        tried.append(limit.of(widths))
        return good(widths)

    runs = []
    for seed in (3, 3, 4):
        asked = problem(subject, limit, seed=seed)
        object.__setattr__(asked, "evaluate", watched)
        runs.append(STRATEGIES.get("annealing").widths(asked))
    assert runs[0] == runs[1]
    assert len(tried) == 3 * 60
    assert max(tried) <= limit.maximum
    assert len(set(tried)) > 20


def test_annealing_needs_a_task(subject: PrunableModel, latency: LatencyModel) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=0.6 * latency.latency_ms({}))
    asked = problem(subject, limit)
    object.__setattr__(asked, "evaluate", None)
    with pytest.raises(UsageError, match="--task"):
        STRATEGIES.get("annealing").widths(asked)


def test_a_table_that_lacks_operators_of_the_model_is_refused(
    subject: PrunableModel, tmp_path: Path
) -> None:
    table = made_up_table(tmp_path / "gaps.jsonl", subject.model, without="depthwise_conv2d")
    with pytest.raises(MissingLatencyError, match="knows nothing like depthwise_conv2d"):
        LatencyModel(subject, Predictor(table))


FIRES = """
from paddle import nn
from paddle.vision.models.squeezenet import MakeFire

def net():
    return nn.Sequential(
        nn.Conv2D(3, 16, 3, stride=2), nn.ReLU(), MakeFire(16, 8, 16, 16), nn.MaxPool2D(2),
        MakeFire(32, 12, 24, 24), nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(48, 10),
    )
"""


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> PrunableModel:
    """A small SqueezeNet, whose convolutions read concatenations."""
    folder = tmp_path_factory.mktemp("squeezenet")
    file = folder / "nets.py"
    file.write_text(FIRES)
    model = prepare(find_model(f"{file}:net"), folder / "made", input_shapes={"": (1, 3, 32, 32)})
    channels = channels_of(model.graph)
    return PrunableModel(
        model=model, channels=channels, chosen=tuple(group.name for group in channels.groups)
    )


def test_networks_of_concatenations_are_chosen_within_a_latency(
    shuffled: PrunableModel, tmp_path: Path
) -> None:
    latency = LatencyModel(
        shuffled, Predictor(made_up_table(tmp_path / "host.jsonl", shuffled.model))
    )
    limit = ModelLatencyLimit(model=latency, target_ms=0.5 * latency.latency_ms({}))
    squares = {
        name: LossCurve.fit(np.linspace(0, 1, 11), np.linspace(0, 1, 11) ** 2, highest=1.0)
        for name in shuffled.chosen
    }
    found = STRATEGIES.get("latency-optimal").widths(
        WidthProblem(
            subject=shuffled,
            limit=limit,
            find_losses=lambda: LossCurves(curves=squares),
            generator=np.random.default_rng(0),
        )
    )
    assert 0.95 * limit.maximum <= limit.of(found) <= limit.maximum


def test_where_too_many_widths_are_tied_every_second_is_looked_at(
    subject: PrunableModel, latency: LatencyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = ModelLatencyLimit(model=latency, target_ms=0.5 * latency.latency_ms({}))
    coarser = latency.coarser()
    assert coarser is not None
    most = max(len(widths) for widths in latency.choices.values())
    assert max(len(widths) for widths in coarser.choices.values()) == -(-most // 2) < most
    pairs = math.prod(len(latency.choices[name]) for name in NAMES)
    monkeypatch.setattr("edgeslim.pruning.solver._tree._MOST_ROWS", pairs - 1)
    found = STRATEGIES.get("latency-optimal").widths(problem(subject, limit))
    assert all(found[name] in coarser.choices[name] for name in NAMES)
    assert latency.latency_ms(found) <= limit.target_ms
    monkeypatch.setattr("edgeslim.pruning.solver._tree._MOST_ROWS", 0)
    with pytest.raises(UsageError, match="ties too many groups together for latency-optimal"):
        STRATEGIES.get("latency-optimal").widths(problem(subject, limit))
