from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError, UsageError
from edgeslim.training.tasks import TASKS, find_task

SHAPE = (1, 1, 4, 4)

OWN = """
import numpy as np
from edgeslim.training.tasks import LabelledImages, TaskData

class Halves:
    num_classes = 2
    metric_name = "accuracy"

    def data(self, input_shape, seed):
        rng = np.random.default_rng(seed)
        images = rng.normal(size=(8, *input_shape[1:])).astype(np.float32)
        part = LabelledImages(images=images, labels=np.arange(8) % 2)
        return TaskData(train=part, validation=part)

TASK = Halves()
"""


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("digit", UnknownNameError, "unknown task 'digit'; did you mean 'digits'"),
        ("fashion-mnits:/tmp", UnknownNameError, "did you mean 'fashion-mnist'"),
        ("digits:/tmp", UsageError, "digits has its images with it and takes no folder"),
        ("image_folder", UsageError, "image_folder needs a folder with train/CLASS/.* write image"),
        ("image_folder:", UsageError, "names no folder after the colon"),
        ("image_folder:/no/where", BadFileError, "/no/where does not exist; image_folder needs"),
        ("none.py", BadFileError, r"there is no file none\.py"),
    ],
)
def test_what_names_no_task(text: str, error: type[EdgeslimError], message: str) -> None:
    with pytest.raises(error, match=message):
        find_task(text)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFileError, match="file is no folder; image_folder needs a folder with"):
        find_task(f"image_folder:{tmp_path / 'file'}")


@pytest.mark.parametrize("name", ["digits", "Digits"])
def test_a_name(name: str) -> None:
    assert find_task(name).num_classes == 10


def test_no_task_is_called_like_a_file() -> None:
    assert not any(":" in name or name.endswith(".py") for name in TASKS.names())


@pytest.mark.slow
def test_a_users_own_file(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    for text in (f"{file}", f"{file}:TASK"):
        task = find_task(text)
        assert (task.num_classes, task.metric_name) == (2, "accuracy")
        data = task.data(SHAPE, 0)
        images, (labels,) = data.train.batch(np.asarray([1, 6], np.int64), None)
        assert images.shape == (2, 1, 4, 4)
        assert labels.tolist() == [1, 0]
    with pytest.raises(UnknownNameError, match=r"object in .*own\.py 'TUSK'; did you mean 'TASK'"):
        find_task(f"{file}:TUSK")
    with pytest.raises(BadFileError, match=r"own\.py: Halves is a class; give one .* Halves\(\)"):
        find_task(f"{file}:Halves")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1/0", r"task\.py does not load: ZeroDivisionError"),
        ("task = 1", r"task\.py defines no TASK; define it, or name what is the task"),
        ("TASK = 1", r"task\.py: TASK has no num_classes, no metric_name, no data"),
        (OWN.replace("num_classes = 2", ""), r"task\.py: TASK has no num_classes$"),
        (OWN.replace("= 2", "= '2'"), "TASK.num_classes must be a whole number"),
        (OWN.replace("= 2", "= 0"), "TASK.num_classes must be at least 1, not 0"),
        (OWN.replace('"accuracy"', "None"), "TASK.metric_name must be a text"),
        (OWN + "TASK.data = 3", "TASK.data must be a function"),
    ],
)
def test_a_users_file_that_is_no_task(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "task.py").write_text(code)
    with pytest.raises(BadFileError, match=message):
        find_task(str(tmp_path / "task.py"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("1/0", r"TASK\.data raises ZeroDivisionError: division by zero"),
        ("(part, part)", r"TASK\.data\(\.\.\.\) has no train, no validation, no loss, no metric"),
        ("type('D', (), {'train': part, 'validation': part, 'metric': 1})", "has no loss"),
        ("TaskData(train=part, validation=part, loss=1)", r"\.loss must be a function"),
        ("TaskData(train=[1], validation=part)", r"\.train has no batch"),
        ("TaskData(train=part, validation=Nothing())", r"\.validation has no examples"),
    ],
)
def test_data_of_a_user_that_are_none(tmp_path: Path, returned: str, message: str) -> None:
    nothing = "class Nothing(list):\n    batch = len\n"
    code = OWN.replace("TaskData(train=part, validation=part)", returned)
    (tmp_path / "task.py").write_text(nothing + code)
    with pytest.raises(BadFileError, match=message):
        find_task(str(tmp_path / "task.py")).data(SHAPE, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("lambda: 1/0", r"metric\(\) raises ZeroDivisionError"),
        ("lambda: 3", r"metric\(\) has no update, no value"),
        ("lambda: type('M', (), {'update': print, 'value': 3})", r"\.value must be a function"),
        ("lambda: type('M', (), {'update': int, 'value': print})", r"metric\(\)\.update raises"),
    ],
)
def test_metrics_of_a_user_that_are_none(tmp_path: Path, metric: str, message: str) -> None:
    code = OWN.replace("validation=part", f"validation=part, metric={metric}")
    (tmp_path / "task.py").write_text(code)
    data = find_task(str(tmp_path / "task.py")).data(SHAPE, 0)
    with pytest.raises(BadFileError, match=message):
        data.metric().update([], ())


@pytest.mark.slow
def test_a_users_task_has_a_top_five_and_more_metrics(tmp_path: Path) -> None:
    more = "validation=part, more_metrics={'zero': lambda: 0}"
    code = OWN.replace("num_classes = 2", "num_classes = 6").replace("validation=part", more)
    (tmp_path / "task.py").write_text(code)
    task = find_task(str(tmp_path / "task.py"))
    metrics = task.data(SHAPE, 0).metrics(task)
    assert list(metrics) == ["accuracy", "zero", "accuracy_top5"]
    scores = np.tile(np.array([5, 4, 3, 2, 1, 0], np.float32), (3, 1))
    for name, value in (("accuracy", 1 / 3), ("accuracy_top5", 2 / 3)):
        metric = metrics[name]()
        metric.update((scores,), (np.array([0, 4, 5]),))
        assert metric.value() == pytest.approx(value)
    with pytest.raises(BadFileError, match=r"more_metrics\['zero'\]\(\) has no update, no value"):
        metrics["zero"]()


@pytest.mark.slow
def test_a_loss_of_a_user_that_fails(tmp_path: Path) -> None:
    code = OWN.replace("validation=part", "validation=part, loss=lambda *_: {}['missing']")
    (tmp_path / "task.py").write_text(code)
    data = find_task(str(tmp_path / "task.py")).data(SHAPE, 0)
    with pytest.raises(BadFileError, match=r"\.loss raises KeyError: 'missing'"):
        data.loss([], ())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("1/0", r"train\.batch raises ZeroDivisionError"),
        ("3", r"train\.batch raises TypeError"),
        ("(np.zeros((1, 2)), (places,))", r"must give float32 \(1, 1, 4, 4\) .* float64 \(1, 2\)"),
    ],
)
def test_batches_of_a_user_that_are_none(tmp_path: Path, returned: str, message: str) -> None:
    part = f"class Part(list):\n    def batch(self, places, rng):\n        return {returned}\n"
    code = OWN.replace("train=part", "train=Part([1])")
    (tmp_path / "task.py").write_text(part + code)
    data = find_task(str(tmp_path / "task.py")).data(SHAPE, 0)
    with pytest.raises(BadFileError, match=message):
        data.train.batch(np.arange(1), None)
