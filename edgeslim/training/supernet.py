"""A supernet: weights that all networks of a space share, trained once for all of them.

A candidate of a search then costs an evaluation and not a training. Any space can have one:
its networks are built as usual, and get slices of the shared weights (`_shared_weights`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError, UsageError
from edgeslim.training._initial_values import extreme_networks
from edgeslim.training._recalibration import recalibrate
from edgeslim.training._shared_weights import SharedWeights
from edgeslim.training._supernet_file import SupernetRecord, read_supernet, write_supernet
from edgeslim.training.checkpoint import data_fingerprint
from edgeslim.training.evaluation import evaluate
from edgeslim.training.tasks import Examples, TaskData, draw_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import nn

    from edgeslim.spaces import Space, Tokens

__all__ = ["Supernet"]

_JUDGING_SEED = 0
"""All candidates are evaluated on the same examples, with statistics of the same other ones."""


class Supernet:
    """The shared weights of a space's networks.

    Args:
        space: The space whose networks share the weights.
        weights: The shared weights, trained.
        about: Task and settings of their training.
    """

    def __init__(self, space: Space, weights: SharedWeights, about: SupernetRecord) -> None:
        self.space = space
        self.about = about
        self._weights = weights

    @staticmethod
    def load(path: Path, space: Space) -> Supernet:
        """Reads a trained supernet of a space.

        Raises:
            BadFileError: The file is no supernet, or a damaged one.
            UsageError: It is of another space, input or number of classes, or of a version of the
                space with other networks.
        """
        about, values = read_supernet(path)
        about.check_space(path, space)
        supernet = Supernet(space, SharedWeights(values), about)
        try:
            for tokens in dict.fromkeys((*extreme_networks(space), space.initial_tokens)):
                supernet.network(tokens)
        except ModelError as error:  # the name and the ranges are the same, but not the networks
            raise UsageError(
                f"{path} is of other networks than those of {space.name}: {error}"
            ) from error
        return supernet

    def save(self, path: Path) -> None:
        """Writes it, whole or not at all."""
        write_supernet(path, self.about, self._weights.values())

    def check_data(self, data: TaskData) -> None:
        """Checks that it was trained on these examples.

        Raises:
            UsageError: It was trained on others; names the task.
        """
        if data_fingerprint(data) != self.about.data:
            raise UsageError(
                f"this supernet of {self.space.name} was trained for the task {self.about.task}, "
                "which has other examples; use that task, or train another supernet"
            )

    def network(self, tokens: Tokens) -> nn.Layer:
        """A network of the space with a copy of its weights, to be trained further.

        Statistics of its batch norms are initial; `accuracy` evaluates it without training.

        Raises:
            UsageError: Tokens that are not of the space.
            ModelError: A parameter is missing in the supernet; names it.
        """
        net = self.space.build(self.space.check(tokens))
        self._weights.copy_into(net)
        return net

    def accuracy(
        self,
        tokens: Tokens,
        data: TaskData,
        *,
        eval_share: float = 1.0,
        recalibration_batches: int = 8,
        on_share: Callable[[float], None] = lambda _: None,
    ) -> float:
        """The task's metric of a network with these weights, from 0 to 1.

        Args:
            tokens: Tokens of the network.
            data: Examples and metric of the task.
            eval_share: Fraction of the validation examples that are used.
            recalibration_batches: Number of batches of training examples, of the batch size of
                the training, that its statistics are computed from.
            on_share: Called with fractions of the evaluation as they are done.

        Raises:
            UsageError: As `network`; a share or a number of batches out of range.
            ModelError: As `network` and `evaluate`.
        """
        if recalibration_batches < 1:
            raise UsageError(
                f"statistics need at least 1 batch of examples, not {recalibration_batches}"
            )
        judged = draw_part(data.validation, eval_share, _JUDGING_SEED)
        net = self.network(tokens)
        size = int(self.about.settings["batch_size"])
        recalibrate(net, _batches(data.train, recalibration_batches, size))
        return evaluate(net, judged, data.metric, on_share=on_share)


def _batches(examples: Examples, count: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Images of some batches, always the same, unvaried; fewer if there are not so many."""
    indices = np.random.default_rng(_JUDGING_SEED).permutation(len(examples))
    last = max(1, min(count, len(examples) // size))
    for number in range(last):
        yield examples.batch(indices[number * size : (number + 1) * size], None)[0]
