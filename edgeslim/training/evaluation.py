"""Evaluates networks by a task's metrics."""

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
"""Limit of a batch of images, so that large ones take less memory: 28 images of 224x224."""


def evaluate(
    net: nn.Layer,
    examples: Examples,
    metric: Callable[[], Metric],
    *,
    on_share: Callable[[float], None] = lambda _: None,
) -> float:
    """Evaluates a network by a metric; it is in evaluation mode afterwards.

    Args:
        net: Network that takes ``(N, C, H, W)`` and gives one or several tensors.
        examples: Examples to evaluate on, without augmentation.
        metric: Makes the metric, as ``TaskData.metric``.
        on_share: Called after each batch with its fraction of all examples.

    Returns:
        The metric from 0 to 1, higher is better.

    Raises:
        BadFileError: An example cannot be read.
        ModelError: Outputs that are not finite, or not what the metric takes; a metric outside
            of 0 to 1.
    """
    return evaluate_all(net, examples, {"metric": metric}, on_share=on_share)["metric"]


def evaluate_all(
    net: nn.Layer,
    examples: Examples,
    metrics: Mapping[str, Callable[[], Metric]],
    *,
    on_share: Callable[[float], None] = lambda _: None,
) -> dict[str, float]:
    """Evaluates several metrics in one pass; otherwise like `evaluate`."""
    net.eval()
    counts = {name: metric() for name, metric in metrics.items()}
    at_once = _batch_size(examples)
    with paddle.no_grad(), fast_depthwise(net):
        for start in range(0, len(examples), at_once):
            indices = np.arange(start, min(start + at_once, len(examples)))
            images, targets = examples.batch(indices, None)
            outputs = [output.numpy() for output in outputs_of(net, images)]
            if not all(np.isfinite(output).all() for output in outputs):
                raise ModelError("evaluation failed: the network gives scores that are no numbers")
            for count in counts.values():
                count.update(outputs, targets)
            on_share(len(indices) / len(examples))
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
        # A user's forward may raise anything, and so may Paddle.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f"the network does not run with images {list(images.shape)}: {_reason_line(reason)}"
        ) from error
    outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    if not outputs or not all(isinstance(output, paddle.Tensor) for output in outputs):
        kinds = ", ".join(type(output).__name__ for output in outputs) or "nothing"
        raise ModelError(f"the network gives {kinds}; it must give one tensor or several")
    return outputs


def _reason_line(lines: list[str]) -> str:
    """The line of Paddle's long messages that has the reason."""
    wrong = [line for line in lines if "Error" in line and ":" in line]
    return (wrong or lines)[-1].strip()


def _batch_size(examples: Examples) -> int:
    one, _ = examples.batch(np.arange(1), None)
    return max(1, min(_AT_ONCE, _ELEMENTS_AT_ONCE // one.size))
