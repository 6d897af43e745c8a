"""What is kept of a deployment's variants where some cannot be judged on their device."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeslim.deployment import evaluate
from edgeslim.deployment.evaluate import JudgedVariants, evaluate_deployed
from edgeslim.errors import LinkLostError, RunnerError
from edgeslim.evaluating.evaluate_on_device import JudgedOnDevice
from edgeslim.evaluating.unfinished import Unfinished
from edgeslim.progress import SILENT
from tests.evaluating.made_up_accuracy import FOUND


def judge_some(
    folder: Path, monkeypatch: pytest.MonkeyPatch, errors: dict[str, Exception]
) -> JudgedVariants:
    """Judges three variants of no model, of which some fail with an error each."""

    def judge(subject: Any, pictures: object, folder: Path, *_: object) -> JudgedOnDevice:
        if subject.id in errors:
            raise errors[subject.id]
        batches = Unfinished(folder, {"id": subject.id})
        batches.folder.mkdir()
        return JudgedOnDevice(accuracy=FOUND, batches=batches)

    monkeypatch.setattr(evaluate, "evaluate_on_device", judge)
    variants = [
        SimpleNamespace(id=name, file=None, precision=None, session=None)
        for name in ("a", "b", "c")
    ]
    subject: Any = SimpleNamespace(model=None, variants=variants)
    pictures: Any = object()
    return evaluate_deployed(subject, pictures, folder, SILENT)


def test_a_link_that_is_lost_leaves_the_variants_that_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judge_some(tmp_path, monkeypatch, {"b": LinkLostError("it is gone")})
    assert found.accuracies == (FOUND,)
    assert found.troubles == (
        "nothing is known of the accuracy of b and c on the device: it is gone",
    )
    assert len(list(tmp_path.glob("unfinished-*"))) == 1
    found.remove_batches()
    assert list(tmp_path.iterdir()) == []


def test_a_variant_that_does_not_run_leaves_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judge_some(tmp_path, monkeypatch, {"b": RunnerError("it crashed")})
    assert len(found.accuracies) == len(found.batches) == 2
    assert found.troubles == ("nothing is known of the accuracy of b on the device: it crashed",)
