"""The program ``edgeslim``: how each of its commands ends, whatever happens to it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import nullcontext
from types import FrameType

from edgeslim.errors import EdgeslimError

__all__ = ["run"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _SignalledError(BaseException):
    """The user or the system wants the process to end; programs it started end with it."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def run() -> None:
    """Runs the command line and ends the process with the code that the help promises."""
    for number in _SIGNALS:
        # Ignored ones stay so: nohup, or a shell that put this into the background.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)
    sys.exit(_run(sys.argv[1:]))


def _raise(number: int, _frame: FrameType | None) -> None:
    raise _SignalledError(number)


def _run(arguments: list[str]) -> int:
    """The exit code of one call; every error is one line on standard error."""
    debug = "--debug" in arguments
    try:
        return _command([argument for argument in arguments if argument != "--debug"])
    except (Exception, _SignalledError) as error:  # noqa: BLE001 - the last place to say it
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if debug:
            traceback.print_exc()
        code, message = _ending(error)
        if message:
            sys.stderr.write(f"edgeslim: {' '.join(message.split())}\n")
        return code


def _command(arguments: list[str]) -> int:
    """Runs a command; all that is slow to import is imported here, where a signal is heard."""
    from typer.main import get_command

    from edgeslim.cli.commands import app
    from edgeslim.cli.output import reserved_output

    with reserved_output() if "--json" in arguments else nullcontext():
        result = get_command(app).main(args=arguments, prog_name="edgeslim", standalone_mode=False)
    _flush()
    return result if isinstance(result, int) else 0


def _flush() -> None:
    """Hands over the output now; what cannot be written is not tried again at the exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _ending(error: BaseException) -> tuple[int, str]:
    """Exit code and message for what ended a command."""
    from typer import TyperException

    match error:
        case EdgeslimError():
            return error.exit_code, str(error)
        case _SignalledError():
            how = "interrupted" if error.number == signal.SIGINT else "ended from outside"
            return 128 + error.number, f"{how}; the same command goes on where it was"
        case TyperException():
            # Without any arguments the help was printed, and there is nothing to add.
            message = error.format_message()
            return 2, f"{message} (edgeslim --help says more)" if message else ""
        case BrokenPipeError():
            return 1, "nobody reads the output any more"
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            return 1, f"{error.strerror or error}{where}"
        case _:
            kind = type(error).__name__
            return 1, f"unexpected {kind}: {error} (run it again with --debug for the trace)"
