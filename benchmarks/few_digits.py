"""A tenth of the digits, for what only has to run to its end: `original_files.py`."""

from __future__ import annotations

from edgeslim.training.tasks import TaskData, draw_part, find_task

__all__ = ["TASK"]

_SHARE = 0.1


class _FewDigits:
    def __init__(self) -> None:
        self._whole = find_task("digits")
        self.num_classes = self._whole.num_classes
        self.metric_name = self._whole.metric_name

    def data(self, input_shape: tuple[int, ...], seed: int) -> TaskData:
        whole = self._whole.data(input_shape, seed)
        return TaskData(
            train=draw_part(whole.train, _SHARE, 0),
            validation=draw_part(whole.validation, _SHARE, 0),
            loss=whole.loss,
            metric=whole.metric,
        )


TASK = _FewDigits()
