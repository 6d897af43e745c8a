"""What a network answers to pictures, kept in arrays, and how two answers compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.runs.device_accuracy import PairedMetric
from edgeslim.training.tasks import Targets

__all__ = ["Answers", "ComparedAnswers", "Judge", "join_answers"]

Answers = Mapping[str, NDArray[Any]]
"""Answers to some pictures as arrays by name, which can be joined along their first axis."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparedAnswers:
    """Answers of the device beside Paddle's.

    Args:
        metrics: The task's metrics, its own first.
        differs: Whether the two answer differently to a picture, ``(pictures,)``.
        texts: Gives what is right for a picture, the device's answer and Paddle's, in words.
        names_answers: Whether outputs say an answer, as classes or objects are; a metric of the
            task's own reads numbers, which are never quite the same.
    """

    metrics: tuple[PairedMetric, ...]
    differs: NDArray[np.bool_]
    texts: Callable[[int], tuple[str, str, str]]
    names_answers: bool = True


class Judge(Protocol):
    """Keeps what is needed of a network's outputs, and judges them at the end."""

    def answers(
        self,
        outputs: Sequence[NDArray[Any]],
        targets: Targets,
        finite: NDArray[np.bool_],
    ) -> dict[str, NDArray[Any]]:
        """The answers to some pictures.

        Args:
            outputs: The network's outputs, ``(pictures, ...)``.
            targets: What is right, as the task gives it.
            finite: Whether all outputs for a picture are finite, ``(pictures,)``; one for which
                they are not counts as answered wrongly.

        Raises:
            ModelError: The outputs are not what the task needs.
        """

    def kept_bytes(self, outputs_bytes: int) -> int:
        """Bytes that are kept of one picture's outputs, of whose bytes this is given, at most."""

    def compare(self, device: Answers, paddle: Answers) -> ComparedAnswers:
        """Compares the answers to all pictures."""


def join_answers(parts: Sequence[Answers]) -> dict[str, NDArray[Any]]:
    """Joins the answers to successive pictures."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
