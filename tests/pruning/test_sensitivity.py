"""What a real, trained model loses, measured for real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim import sensitivity
from edgeslim.channels.groups import channels_of
from edgeslim.channels.plan import Selection, keep_first
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.pruned_model import model_tensors, write_pruned
from edgeslim.errors import ContextMismatchError, ModelError, UnknownNameError, UsageError
from edgeslim.pruning.criteria import CRITERIA
from edgeslim.pruning.ranking import plan_for
from edgeslim.pruning.sensitivity import rank_channels
from edgeslim.pruning.trial import Trial, TrialNetwork, examples_fingerprint
from edgeslim.pruning.weights import Weights
from edgeslim.runs.sensitivity_file import SensitivityFile
from edgeslim.training.tasks import SPLIT_SEED, TaskData, draw_part, find_task
from tests.pruning.conftest import Trained
from tests.pruning.trained import SHAPE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> PreparedModel:
    return prepare(find_model(str(trained.prefix)), tmp_path_factory.mktemp("prepared"))


@pytest.fixture(scope="module")
def data() -> TaskData:
    return find_task("digits").data(SHAPE, SPLIT_SEED)


@pytest.fixture(scope="module")
def weights(prepared: PreparedModel) -> Weights:
    return Weights(
        graph=prepared.graph,
        channels=channels_of(prepared.graph),
        tensors=model_tensors(prepared),
    )


def test_the_model_is_as_good_as_when_it_was_saved(
    trained: Trained, prepared: PreparedModel, data: TaskData
) -> None:
    assert trained.accuracy > 0.85
    trial = Trial(TrialNetwork(prepared.prefix), data, data.validation)
    assert trial.baseline() == pytest.approx(trained.accuracy, abs=0.004)


@pytest.mark.parametrize(
    "widths",
    [{"first_weights": 7}, {"first_weights": 3, "expand_weights": 9}, {"expand_weights": 2}],
)
def test_channels_at_nought_give_what_channels_cut_out_give(
    prepared: PreparedModel,
    weights: Weights,
    data: TaskData,
    tmp_path: Path,
    widths: dict[str, int],
) -> None:
    trial = Trial(TrialNetwork(prepared.prefix), data, data.validation)
    rankings = rank_channels(weights, CRITERIA.get("l2"), trial, 0)
    selection = Selection(weights.channels, plan_for(widths, rankings))
    write_pruned(prepared, selection, tmp_path / "cut")
    cut = Trial(TrialNetwork(tmp_path / "cut"), data, data.validation)
    # One of 397 images may fall to the other side by rounding.
    assert trial.evaluate(selection) == pytest.approx(cut.baseline(), abs=1.5 / 397)
    assert trial.evaluate(selection) < trial.baseline()
    from edgeslim.training.evaluation import outputs_of

    images, _ = data.validation.batch(np.arange(8), None)
    trial._network.net.set_tensors(
        {n: selection.zero_pruned(n, v) for n, v in weights.tensors.items()}
    )
    nets = (trial._network.net, cut._network.net)
    some, others = (outputs_of(net, images)[0].numpy() for net in nets)
    np.testing.assert_allclose(some, others, rtol=1e-4, atol=1e-4)


class Ended:
    """Examples that end the process in the middle of judging."""

    def __init__(self, examples: object) -> None:
        self._examples = examples
        self.ends = False

    def __len__(self) -> int:
        return 397

    def batch(self, places: object, rng: object) -> object:
        if self.ends:
            raise KeyboardInterrupt
        return self._examples.batch(places, rng)  # type: ignore[attr-defined]


def test_the_model_is_whole_again_whatever_happens(
    prepared: PreparedModel, weights: Weights, data: TaskData
) -> None:
    examples = Ended(data.validation)
    trial = Trial(TrialNetwork(prepared.prefix), data, examples)  # type: ignore[arg-type]
    before = trial.baseline()
    narrow = Selection(weights.channels, keep_first({"first_weights": 1}))
    assert trial.evaluate(narrow) < before - 0.3
    assert trial.baseline() == before
    examples.ends = True
    with pytest.raises(KeyboardInterrupt):
        trial.evaluate(narrow)
    examples.ends = False
    assert trial.baseline() == before
    for name, values in model_tensors(prepared).items():
        np.testing.assert_array_equal(trial._network.tensors[name], values)


def test_gradients_leave_the_model_as_it_is_and_say_what_hurts(
    prepared: PreparedModel, weights: Weights, data: TaskData
) -> None:
    trial = Trial(TrialNetwork(prepared.prefix), data, data.validation)
    before = trial.baseline()
    rankings = rank_channels(weights, CRITERIA.get("taylor"), trial, 0)
    assert trial.baseline() == before
    for name, values in model_tensors(prepared).items():
        np.testing.assert_array_equal(trial._network.tensors[name], values)
    again = rank_channels(weights, CRITERIA.get("taylor"), trial, 0)
    assert {name: each.tolist() for name, each in rankings.items()} == {
        name: each.tolist() for name, each in again.items()
    }
    # Half of the channels gone, the important half hurts more.
    backwards = {name: each[::-1] for name, each in rankings.items()}
    good, bad = (
        trial.evaluate(Selection(weights.channels, plan_for({"first_weights": 5}, each)))
        for each in (rankings, backwards)
    )
    assert good > bad


def test_a_trained_model_is_measured_and_gone_on_with(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "new" / "net.jsonl"
    first = sensitivity(str(trained.prefix), task="digits", ratios=[0.5], out=out)
    assert first.sensitivities.context.baseline == pytest.approx(trained.accuracy, abs=0.004)
    assert list(first.sensitivities.points) == ["first_weights", "expand_weights"]
    more = sensitivity(
        str(trained.prefix), task="digits", ratios=[0.9, 0.5], match="first", out=out
    )
    assert [each.ratio for each in more.sensitivities.points["first_weights"]] == [0.5, 0.9]
    assert list(more.sensitivities.points) == ["first_weights"]
    half, most = more.sensitivities.points["first_weights"]
    assert half == first.sensitivities.points["first_weights"][0]
    assert most.relative_loss > 0.3
    assert len(out.read_bytes().splitlines()) == 1 + 2 + 1


def test_nothing_is_measured_that_is_there_already(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "net.jsonl"
    before = sensitivity(str(trained.prefix), task="digits", ratios=[0.5], out=out)
    content = out.read_bytes()

    def refuse(*_: object) -> float:
        raise AssertionError("it was judged again")

    monkeypatch.setattr(Trial, "baseline", refuse)
    monkeypatch.setattr(Trial, "evaluate", refuse)
    again = sensitivity(str(trained.prefix), task="digits", ratios=[0.5], out=out)
    assert again.sensitivities == before.sensitivities
    assert out.read_bytes() == content


def test_a_share_of_the_examples_is_the_same_each_time(trained: Trained, tmp_path: Path) -> None:
    found = [
        sensitivity(
            str(trained.prefix),
            task="digits",
            ratios=[0.5],
            eval_share=0.2,
            seed=seed,
            out=tmp_path / f"{number}.jsonl",
        ).sensitivities
        for number, seed in enumerate((1, 1, 2))
    ]
    assert found[0].context.examples == 79
    assert found[0].points == found[1].points
    assert found[0].context.baseline == found[1].context.baseline
    assert found[0].points != found[2].points


def test_a_file_of_something_else_is_refused_and_left_as_it_is(
    trained: Trained, prepared: PreparedModel, weights: Weights, tmp_path: Path
) -> None:
    out = tmp_path / "net.jsonl"
    sensitivity(str(trained.prefix), task="digits", ratios=[0.5], match="first", out=out)
    content = out.read_bytes()
    with pytest.raises(ContextMismatchError, match="is of criterion l1, not l2"):
        sensitivity(str(trained.prefix), task="digits", criterion="L2", out=out)
    with pytest.raises(ContextMismatchError, match=r"is of share 1\.0, not 0\.5"):
        sensitivity(str(trained.prefix), task="digits", eval_share=0.5, out=out)
    other = write_pruned(
        prepared, Selection(weights.channels, keep_first({"first_weights": 9})), tmp_path / "other"
    )
    with pytest.raises(ContextMismatchError, match="is of another model"):
        sensitivity(str(other.program), task="digits", out=out)
    assert out.read_bytes() == content


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        ({"task": "digit"}, UnknownNameError, "did you mean 'digits'"),
        ({"criterion": "l3"}, UnknownNameError, "unknown criterion 'l3'"),
        ({"ratios": [0.5, 1.0]}, UsageError, "a ratio is above 0 and below 1, not 1"),
        ({"eval_share": 0.0}, UsageError, "the share of examples must be above 0 and at most 1"),
        ({"eval_share": 1.5}, UsageError, "the share of examples must be above 0 and at most 1"),
        ({"match": "["}, UsageError, "is not a regular expression"),
        ({"match": "seventh"}, UnknownNameError, "unknown parameter 'seventh'"),
        ({"match": ".*scale"}, UsageError, "matches nothing that can be pruned"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_writes_nothing(
    trained: Trained, tmp_path: Path, wrong: dict[str, object], error: type[Exception], says: str
) -> None:
    out = tmp_path / "net.jsonl"
    with pytest.raises(error) as caught:
        sensitivity(str(trained.prefix), **({"task": "digits", "out": out} | wrong))  # type: ignore[call-overload]
    assert says in str(caught.value)
    assert not out.exists()


def test_a_model_that_knows_nothing_has_nothing_to_lose(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trial, "baseline", lambda *_: 0.0)
    with pytest.raises(ModelError, match="of which nothing can be lost; give a trained model"):
        sensitivity(str(trained.prefix), task="digits", out=tmp_path / "net.jsonl")
    assert SensitivityFile.find(tmp_path / "net.jsonl") is None


def test_a_part_of_examples_has_each_once_in_their_order(data: TaskData) -> None:
    part = draw_part(data.validation, 0.1, 0)
    assert len(part) == 40
    images, (labels,) = part.batch(np.arange(40), None)
    all_images, (all_labels,) = data.validation.batch(np.arange(397), None)
    found = [
        next(i for i, other in enumerate(all_images) if np.array_equal(each, other))
        for each in images
    ]
    assert found == sorted(set(found))
    np.testing.assert_array_equal(labels, all_labels[found])
    assert draw_part(data.validation, 1.0, 0) is data.validation
    assert len(draw_part(data.validation, 1e-6, 0)) == 1


def test_examples_are_told_apart_by_some_of_them(data: TaskData) -> None:
    known = examples_fingerprint(data.validation)
    assert examples_fingerprint(find_task("digits").data(SHAPE, SPLIT_SEED).validation) == known
    others = find_task("digits").data(SHAPE, 1).validation
    assert len({known, *map(examples_fingerprint, (others, data.train))}) == 3
    assert examples_fingerprint(draw_part(data.validation, 0.001, 0)) != known
