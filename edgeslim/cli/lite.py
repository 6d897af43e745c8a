"""``edgeslim lite``: the environment in which Paddle-Lite runs."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from edgeslim.cli.output import Json, print_json, print_lines
from edgeslim.companion import describe_lite_python, find_lite_python, make_companion

__all__ = ["app"]

app = typer.Typer(
    help="The Python that Paddle-Lite runs in.", no_args_is_help=True, add_completion=False
)


@app.callback()
def _group() -> None:
    """Keeps `install` a command of its own, though it is the only one."""


@app.command("install")
def install(
    again: Annotated[
        bool,
        typer.Option("--again", help="Make the environment anew, such as after it was damaged."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the environment for Paddle-Lite now, and not on first need.

    Paddle-Lite's wheel needs Python 3.10 and NumPy 1. Where this Python has both, nothing is made;
    neither if EDGESLIM_LITE_PYTHON names another one.

    Example: edgeslim lite install
    """
    found = find_lite_python()
    python = make_companion(again=True) if again else found or make_companion()
    lite = describe_lite_python(python)
    if as_json:
        print_json({"lite": {"python": python, **msgspec.structs.asdict(lite)}})
        return
    print_lines(f"{'already there' if python == found and not again else 'made'}: {python}")
    print_lines(f"it has Paddle-Lite {lite.text}")
