"""What people read of an evaluation on a device."""

from __future__ import annotations

import msgspec

from edgeslim.cli.accuracy_output import accuracy_lines
from tests.evaluating.made_up_accuracy import FOUND, METRIC


def test_both_metrics_and_the_pictures_that_disagree_are_told() -> None:
    lines = accuracy_lines(FOUND, "board")
    assert lines == [
        "fashion_mnist: 500 of 10,000 pictures on board, int8, 1 thread",
        "accuracy: board 90.00%, Paddle 92.00%; difference -2.00 points (-3.40 to -0.80, 95%)",
        "  only board is right on 2, only Paddle on 12: p = 0.013",
        "the same answer to 480 of 500 pictures; outputs are 0.25 of the largest apart at most",
        "  picture 17 dog/17.jpg: board cat (0.6), Paddle dog (0.7), right dog, outputs 0.25 apart",
        "200 pictures a second; 2.0 s of runs in 2.5 s",
    ]
    assert METRIC.is_loss


def test_outputs_that_say_no_answer_are_only_apart() -> None:
    lines = accuracy_lines(msgspec.structs.replace(FOUND, same_answers=None), "board")
    assert lines[3] == "outputs are 0.25 of the largest apart at most"


def test_pictures_without_numbers_are_counted() -> None:
    lines = accuracy_lines(msgspec.structs.replace(FOUND, not_finite=1), "board")
    assert lines[3].endswith("; no finite numbers for 1 picture")
