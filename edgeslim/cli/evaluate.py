"""``edgeslim evaluate``: measures the accuracy of a model at a task."""

from __future__ import annotations

import msgspec

from edgeslim.cli.output import Json, metric_lines, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.training.evaluate_model import EvaluateRequest, evaluate

__all__ = ["command"]


@with_options
def command(request: EvaluateRequest, as_json: Json = False) -> None:
    """Say how right a model is at a task, by images that no training here learns from.

    Example: edgeslim evaluate net --task digits
    """
    found = evaluate(request)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    print_lines(*metric_lines(found.judged))
