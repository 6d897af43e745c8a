"""Shapes of a network's tensors at other widths, without a choice of which channels are kept."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeslim.channels.groups import Channels, IntArray
from edgeslim.channels.plan import Mask, Selection, keep_first
from edgeslim.opspec import Shape

__all__ = ["AxisForms", "Form", "ShapesAtWidths"]

Form = tuple[int, tuple[tuple[str, int], ...]]
"""Positions that are always kept, and by how many an axis grows with each channel of a group."""


class AxisForms:
    """Lengths of axes as linear functions of the widths of channel groups."""

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
        """The form of each axis of a tensor; None for those that never change."""
        return self._forms.get(tensor, ())


class ShapesAtWidths:
    """Shapes of tensors at given widths; it can be used instead of a `Selection`.

    Args:
        forms: Lengths of the network's axes.
        widths: Channels kept of each group by its name; groups not named are kept whole.
    """

    def __init__(self, forms: AxisForms, widths: Mapping[str, int]) -> None:
        self._forms = forms
        self._widths = {**forms.full, **widths}
        self._given = dict(widths)

    def shape(self, tensor: str, shape: Shape) -> Shape:
        """Shape of a tensor after pruning."""
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
        """Masks over a tensor's axes, as if the first channels of each group were kept."""
        return Selection(self._forms.channels, keep_first(self._given)).masks(tensor)
