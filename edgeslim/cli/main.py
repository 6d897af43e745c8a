"""The program ``edgeslim``: all commands, and how each of them ends."""

from __future__ import annotations

import sys
import traceback

import click
import typer

from edgeslim.cli import deploy, devices, doctor, inspect, predict, profile, search, space
from edgeslim.errors import EdgeslimError
from edgeslim.version import __version__

__all__ = ["app", "run"]

app = typer.Typer(
    name="edgeslim",
    help=(
        "Make a PaddlePaddle model meet a latency on a device, and prove it by measurement.\n\n"
        "Exit codes: 0 done; 1 the work failed; 2 wrong usage; 3 done with gaps, which are "
        "listed. --debug anywhere shows the trace of an error."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("doctor")(doctor.command)
app.command("devices")(devices.command)
app.command("inspect")(inspect.command)
app.command("profile")(profile.command)
app.command("predict")(predict.command)
app.command("search")(search.command)
app.command("deploy")(deploy.command)
app.add_typer(space.app, name="space")

_INTERRUPTED = 130


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"edgeslim {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(  # noqa: ARG001 - the callback acts on it
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Options of the program itself."""


def run() -> None:
    """Runs the command line and ends the process with the code that the help promises."""
    sys.exit(_run(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    """The exit code of one call; every error is one line on standard error."""
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        result = typer.main.get_command(app).main(
            args=arguments, prog_name="edgeslim", standalone_mode=False
        )
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.exceptions.ClickException as error:
        return _say(error.format_message(), 2)
    except EdgeslimError as error:
        if debug:
            traceback.print_exc()
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        return 1
    except Exception as error:
        if debug:
            traceback.print_exc()
        kind = type(error).__name__
        return _say(f"unexpected {kind}: {error} (run it again with --debug for the trace)", 1)
    return result if isinstance(result, int) else 0


def _say(message: str, code: int) -> int:
    line = " ".join(message.split())
    sys.stderr.write(f"edgeslim: {line}\n")
    return code


def _interrupted() -> int:
    return _say("interrupted; the same command goes on where it was", _INTERRUPTED)
