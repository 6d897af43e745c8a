"""``edgeslim export``: makes an app of a model, with pictures and what they must give."""

from __future__ import annotations

from dataclasses import asdict

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.counts import format_count
from edgeslim.exporting.export import export
from edgeslim.exporting.request import Exported, ExportRequest

__all__ = ["command"]


@with_options
def command(request: ExportRequest, as_json: Json = False) -> None:
    """Make an app of a model: converted, with its preprocessing, labels, samples and a test.

    The app has the task's preprocessing as data and as short code, and pictures with the outputs
    that Paddle computes for them, which its comparison needs.

    Example: edgeslim export runs/net --app linux --task digits --out apps/digits

    Example: edgeslim export runs/pruned --app android --out apps/phone
    """
    done = export(request)
    if as_json:
        print_json(asdict(done))
        return
    _print(done)


def _print(done: Exported) -> None:
    what = {"classes": "classifier", "boxes": "detector"}.get(done.kind, "network")
    print_lines(
        f"{done.model}: {what} for {done.target.value}, {done.precision.value}, "
        f"{done.size_bytes / 1e6:.2f} MB, proved by {' and '.join(done.proved_by) or 'nothing'}",
        "input: "
        + ("of a picture, by the task's steps" if done.preprocessing else "tensors")
        + f"; {format_count(done.labels, 'label', 'labels')}, "
        + format_count(done.samples, "sample", "samples"),
        *(f"note: {note}" for note in done.notes),
        f"{format_count(len(done.files), 'file', 'files')} in {done.folder}; README.md says how "
        "to build the app",
        f"compare it with Paddle: {done.compare}",
        done.built,
    )
