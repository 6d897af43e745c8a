"""A supernet: weights that all networks of a space share, trained once for all of them.

A candidate of a search then costs an evaluation and not a training. Any space can have one:
its networks are built as ever, and given slices of the shared weights (`_shared_weights`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import ModelError, UsageError
from edgeslim.training._first_values import ends
from edgeslim.training._recalibration import recalibrate
from edgeslim.training._shared_weights import SharedWeights
from edgeslim.training._supernet_file import SupernetAbout, read, write
from edgeslim.training.checkpoint import data_fingerprint
from edgeslim.training.evaluation import evaluate
from edgeslim.training.tasks import Examples, TaskData, part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from paddle import nn

    from edgeslim.spaces import Space, Tokens

__all__ = ["Supernet"]

_JUDGING_SEED = 0
"""All candidates are judged by the same examples, and their statistics are of the same others."""


class Supernet:
    """The shared weights of a space's networks.

    Args:
        space: The space.
        weights: The weights.
        about: What they are of.
    """

    def __init__(self, space: Space, weights: SharedWeights, about: SupernetAbout) -> None:
        self.space = space
        self.about = about
        self._weights = weights

    @staticmethod
    def load(path: Path, space: Space) -> Supernet:
        """Reads a trained supernet of a space.

        Raises:
            BadFileError: It is none, or a damaged one.
            UsageError: It is of another space, input, or number of classes, or of a version of the
                space whose networks were others.
        """
        about, values = read(path)
        about.check_space(path, space)
        supernet = Supernet(space, SharedWeights(values), about)
        try:
            for tokens in dict.fromkeys((*ends(space), space.initial_tokens)):
                supernet.network(tokens)
        except ModelError as error:  # the same name and ranges, and other networks
            raise UsageError(
                f"{path} is of other networks than {space.name} has: {error}"
            ) from error
        return supernet

    def save(self, path: Path) -> None:
        """Writes it, whole or not at all."""
        write(path, self.about, self._weights.values())

    def check_data(self, data: TaskData) -> None:
        """Proves that it was trained on these examples.

        Raises:
            UsageError: It was trained on others; says for which task.
        """
        if data_fingerprint(data) != self.about.data:
            raise UsageError(
                f"this supernet of {self.space.name} was trained for the task {self.about.task}, "
                "whose examples are others; judge by that task, or train another supernet"
            )

    def network(self, tokens: Tokens) -> nn.Layer:
        """A network of the space with weights of its own, as they are here, to train further.

        Statistics of its batch norms are fresh; `accuracy` says how good it is without training.

        Raises:
            UsageError: Tokens that are not of the space.
            ModelError: Its parameters are not in here; names one.
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
        """What the task's metric says of a network with these weights, from 0 to 1.

        Args:
            tokens: The network's.
            data: The task's.
            eval_share: Share of the validation examples that it is judged by.
            recalibration_batches: How many batches of training examples, of the size it was
                trained with, its statistics are found from.
            on_share: Called with shares of the evaluation as they are done.

        Raises:
            UsageError: As `network`; a share or a number of batches that is none.
            ModelError: As `network` and `evaluate`.
        """
        if recalibration_batches < 1:
            raise UsageError(
                f"statistics need at least 1 batch of examples, not {recalibration_batches}"
            )
        judged = part_of(data.validation, eval_share, _JUDGING_SEED)
        net = self.network(tokens)
        size = int(self.about.settings["batch_size"])
        recalibrate(net, _batches(data.train, recalibration_batches, size))
        return evaluate(net, judged, data.metric, on_share=on_share)


def _batches(examples: Examples, count: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Images of some batches, always the same, as they are; fewer if there are not so many."""
    places = np.random.default_rng(_JUDGING_SEED).permutation(len(examples))
    last = max(1, min(count, len(examples) // size))
    for number in range(last):
        yield examples.batch(places[number * size : (number + 1) * size], None)[0]
