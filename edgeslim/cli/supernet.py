"""``edgeslim supernet``: trains weights that all networks of a space share."""

from __future__ import annotations

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.training.train_supernet import SUPERNET_FILE, SupernetRequest, train_supernet

__all__ = ["command"]


@with_options
def command(request: SupernetRequest, as_json: Json = False) -> None:
    """Train one set of weights for all networks of a space, so that judging one takes seconds.

    The same command continues after an interruption. edgeslim space agreement measures how far it
    can be trusted on your task.

    Example: edgeslim supernet --space light-nas-small --task digits --out shared
    """
    seconds = train_supernet(request).about.seconds
    file = request.out / SUPERNET_FILE
    if as_json:
        about = {"space": request.space, "task": request.task}
        print_json({"supernet": file, **about, "seconds": seconds})
    else:
        print_lines(f"saved in {file} after {seconds:.0f} s of training")
