"""Sensitivities from a file that the user gives, of edgeslim or of PaddleSlim and PaddleX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgeslim.channels.groups import Channels
from edgeslim.pruning.old_sensitivities import are_old_sensitivities, read_old_sensitivities
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile

__all__ = ["read_sensitivities"]


def read_sensitivities(
    path: Path,
    channels: Channels,
    *,
    model: str,
    metric: str,
    whole_metric: Callable[[], float],
) -> Sensitivities:
    """Reads sensitivities, and checks that they are of a model.

    Args:
        path: The file; a pickle of the originals does not say its model.
        channels: Channel groups of the model.
        model: Fingerprint of the model's parameters.
        metric: Metric by which groups are judged; its task's own if it is empty.
        whole_metric: Metric of the whole model, which the originals' pickles lack.

    Raises:
        BadFileError, ContextMismatchError: The sensitivities are not of this model.
    """
    if are_old_sensitivities(path):
        return read_old_sensitivities(path, channels, whole_metric)
    file = SensitivityFile.read(path)
    file.check_model(model)
    file.check_metric(metric)
    return file.sensitivities
