"""``edgeslim train``: trains a model for a task."""

from __future__ import annotations

import msgspec

from edgeslim.cli.output import Json, metric_lines, print_json, print_lines, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.training.processes import is_leader
from edgeslim.training.train_model import TrainRequest, train

__all__ = ["command"]


@with_options
def command(request: TrainRequest, as_json: Json = False) -> None:
    """Train a model for a task and save it; the same command continues after an interruption.

    Example: edgeslim train mobilenet-v1 --task digits --input-shape 1,3,32,32 --out net

    The winner of a search: edgeslim train light-nas-small --tokens 1,1,0 --task digits --out net
    """
    done = train(request)
    if not is_leader():
        return
    if as_json:
        print_json(
            {
                "model": done.model,
                "task": done.task,
                "metrics": done.metrics,
                "losses": done.losses,
                "judged": msgspec.to_builtins(done.judged),
            }
        )
        return
    print_table(
        ["epoch", "loss"],
        [[str(number), f"{loss:.4f}"] for number, loss in enumerate(done.losses, start=1)],
    )
    print_lines("", *metric_lines(done.judged))
    print_lines(f"saved in {done.model}")
