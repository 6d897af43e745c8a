"""What a network measures at other widths, without saying which channels are kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeslim.channels.groups import Channels, IntArray
from edgeslim.channels.plan import Mask, Selection, first_kept
from edgeslim.opspec import Shape

__all__ = ["AxisForms", "Form", "Sizes"]

Form = tuple[int, tuple[tuple[str, int], ...]]
"""Positions that always stay, and by how many an axis grows with each channel of a group."""


class AxisForms:
    """How long each axis is, as a sum over groups."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.full = {group.name: group.width for group in channels.groups}
        self._forms: dict[str, tuple[Form | None, ...]] = {
            tensor: tuple(None if units is None else self._form(units) for units in axes)
            for tensor, axes in channels.axes.items()
        }

    def _form(self, units: IntArray) -> Form:
        groups = self.channels.group_of[units]
        counts = np.bincount(groups + 1, minlength=len(self.channels.groups) + 1)
        parts = [
            (group.name, int(count) // group.width)
            for group, count in zip(self.channels.groups, counts[1:], strict=True)
            if count
        ]
        return int(counts[0]), tuple(parts)

    def of(self, tensor: str) -> tuple[Form | None, ...]:
        """The form of each axis of a tensor; None of those that never change."""
        return self._forms.get(tensor, ())


class Sizes:
    """Shapes of tensors at given widths, in the place of a `Selection`.

    Args:
        forms: Of the network.
        widths: How many channels of each group are kept; of others all.
    """

    def __init__(self, forms: AxisForms, widths: Mapping[str, int]) -> None:
        self._forms = forms
        self._widths = {**forms.full, **widths}
        self._given = dict(widths)

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """The shape that is left of a tensor."""
        forms = self._forms.of(tensor)
        if not forms:
            return shape
        return tuple(
            size
            if form is None
            else form[0] + sum(times * self._widths[name] for name, times in form[1])
            for size, form in zip(shape, forms, strict=True)
        )

    def masks(self, tensor: str) -> tuple[Mask | None, ...]:
        """As if the first channels of each group were kept."""
        return Selection(self._forms.channels, first_kept(self._given)).masks(tensor)
