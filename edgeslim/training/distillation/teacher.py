"""A network that others learn from: frozen, and always in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import paddle

from edgeslim.training.distillation._term import Term
from edgeslim.training.distillation.losses import LOSSES
from edgeslim.training.program_net import ProgramNet, load_program_net

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.paddle_io.eager_operators import EagerOperator

__all__ = ["FeatureMaps", "Teacher"]


class FeatureMaps:
    """Collects wanted feature maps of one run, by name, as a callback of `ProgramNet.run`."""

    def __init__(self, names: Sequence[str]) -> None:
        self.maps: dict[str, Tensor] = {}
        self._names = frozenset(names)

    def __call__(self, _operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
        for name in self._names.intersection(written):
            self.maps[name] = written[name]


class Teacher:
    """A saved model as a teacher.

    Args:
        prefix: The model, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
    """

    def __init__(self, prefix: Path) -> None:
        self._net: ProgramNet = load_program_net(prefix)
        self._net.eval()
        for parameter in self._net.parameters():
            parameter.stop_gradient = True

    def loss(
        self,
        run: Callable[[Sequence[Tensor], FeatureMaps], list[Tensor]],
        images: Tensor,
        terms: Sequence[Term],
    ) -> tuple[list[Tensor], Tensor]:
        """A student's outputs for some images, and the sum of all distillation losses.

        Args:
            run: The method `ProgramNet.run` of the student.
            images: Images of shape ``(N, C, H, W)``.
            terms: The losses that are weighted and added up.
        """
        own = FeatureMaps([name for term in terms for name in term.student])
        other = FeatureMaps([name for term in terms for name in term.teacher])
        outputs = run([images], own)
        self._net.eval()
        with paddle.no_grad():
            self._net.run([images], other)
        total = paddle.zeros([])
        for term in terms:
            value = LOSSES.get(term.loss).value(
                [own.maps[name] for name in term.student],
                [other.maps[name].detach() for name in term.teacher],
                term,
            )
            total = total + term.weight * value
        return outputs, total
