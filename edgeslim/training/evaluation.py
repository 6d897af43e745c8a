"""How right a network is, by a task's own metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import paddle

from edgeslim.errors import EdgeslimError, ModelError
from edgeslim.training._depthwise import fast_depthwise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from paddle import Tensor, nn

    from edgeslim.training.tasks import Examples, Metric

__all__ = ["evaluate", "evaluate_all", "outputs_of"]

_AT_ONCE = 256
_ELEMENTS_AT_ONCE = 1 << 22
"""Of images, so that large ones do not take the memory of 256 of them: 28 of 224x224."""


def evaluate(
    net: nn.Layer,
    examples: Examples,
    metric: Callable[[], Metric],
    *,
    on_share: Callable[[float], None] = lambda _: None,
) -> float:
    """What a metric says of a network, which is in evaluation mode afterwards.

    Args:
        net: Takes ``(N, C, H, W)``, gives a tensor or several.
        examples: What to judge it by, as they are.
        metric: Begins a count, as ``TaskData.metric``.
        on_share: Called after each batch with its share of all examples.

    Returns:
        From 0 to 1, higher is better.

    Raises:
        BadFileError: An example cannot be read.
        ModelError: Scores that are no numbers, or not what the metric takes; a metric that
            is none.
    """
    return evaluate_all(net, examples, {"metric": metric}, on_share=on_share)["metric"]


def evaluate_all(
    net: nn.Layer,
    examples: Examples,
    metrics: Mapping[str, Callable[[], Metric]],
    *,
    on_share: Callable[[float], None] = lambda _: None,
) -> dict[str, float]:
    """What several metrics say, in one pass; otherwise as `evaluate`."""
    net.eval()
    counts = {name: metric() for name, metric in metrics.items()}
    at_once = _batch_size(examples)
    with paddle.no_grad(), fast_depthwise(net):
        for start in range(0, len(examples), at_once):
            places = np.arange(start, min(start + at_once, len(examples)))
            images, targets = examples.batch(places, None)
            outputs = [each.numpy() for each in outputs_of(net, images)]
            if not all(np.isfinite(each).all() for each in outputs):
                raise ModelError("evaluation failed: the network gives scores that are no numbers")
            for count in counts.values():
                count.update(outputs, targets)
            on_share(len(places) / len(examples))
    values = {name: float(count.value()) for name, count in counts.items()}
    for name, value in values.items():
        if not 0 <= value <= 1:  # nan is neither
            raise ModelError(
                f"the task's {name} is {value}; it must be from 0 to 1, higher is better"
            )
    return values


def outputs_of(net: nn.Layer, images: NDArray[np.float32]) -> list[Tensor]:
    """The outputs of a network that gives one or several.

    Raises:
        ModelError: It does not take such images, or gives something else.
    """
    try:
        outputs = net(paddle.to_tensor(images))
    except EdgeslimError:
        raise
    except Exception as error:
        # The user's own forward may raise anything, and Paddle raises what it likes.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"the network does not run with images {list(images.shape)}: {_telling(reason)}"
        ) from error
    outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    if not outputs or not all(isinstance(each, paddle.Tensor) for each in outputs):
        kinds = ", ".join(type(each).__name__ for each in outputs) or "nothing"
        raise ModelError(f"the network gives {kinds}; it must give one tensor or several")
    return outputs


def _telling(lines: list[str]) -> str:
    """The line of Paddle's long stories that says what is wrong."""
    wrong = [line for line in lines if "Error" in line and ":" in line]
    return (wrong or lines)[-1].strip()


def _batch_size(examples: Examples) -> int:
    one, _ = examples.batch(np.arange(1), None)
    return max(1, min(_AT_ONCE, _ELEMENTS_AT_ONCE // one.size))
