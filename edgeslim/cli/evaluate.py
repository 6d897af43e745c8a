"""``edgeslim evaluate``: measures the accuracy of a model at a task."""

from __future__ import annotations

import sys
from dataclasses import replace

import msgspec

from edgeslim.cli.accuracy_output import accuracy_lines
from edgeslim.cli.output import Json, metric_lines, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.deployment.evaluate import EvaluateRequest, evaluate

__all__ = ["command"]


@with_options
def command(request: EvaluateRequest, as_json: Json = False) -> None:
    """Say how right a model is at a task, by images that no training here learns from.

    With --device, the model is converted and runs there, and the device's metric stands beside
    Paddle's on the same pictures, with an interval of the difference and the pictures that
    disagree most. The record is added to evaluations.jsonl, which edgeslim report reads. After an
    interruption, the same command goes on.

    Example: edgeslim evaluate net --task digits

    Example: edgeslim evaluate net --task image_folder:photos --device android --images 1000

    Example: edgeslim evaluate net --task voc:VOCdevkit --device host --precision int8 --json
    """
    found = evaluate(replace(request, command=("edgeslim", *sys.argv[1:])))
    record = found.on_device
    if as_json:
        document = msgspec.to_builtins(found if record is None else record)
        if record is None:
            del document["on_device"]
        print_json(document)
    elif record is None:
        print_lines(*metric_lines(found.judged))
    else:
        print_lines(*accuracy_lines(record.accuracy, record.device.name))
