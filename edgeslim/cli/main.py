"""The program ``edgeslim``: how each of its commands ends, whatever happens to it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import nullcontext
from threading import Timer
from types import FrameType

from edgeslim.errors import EdgeslimError, ToldElsewhereError

__all__ = ["run"]


_AGAIN_S = 0.02
"""After which a signal that nobody heard is sent once more."""


class _SignalledError(BaseException):
    """The user or the system wants the process to end; programs it started end with it."""


class _Signals:
    """What ends the process from outside, heard from the first moment to the last.

    What a signal raises may arrive as something else: native modules turn whatever happens
    while they are loaded into an import error. So a signal that came is remembered.
    """

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.came = 0
        for number in self._NUMBERS:
            # Ignored ones stay so: nohup, or a shell that put this into the background.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._raise)
        sys.unraisablehook = self._lost

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        self.came = number
        raise _SignalledError

    def _lost(self, what: sys.UnraisableHookArgs) -> None:
        """Where nothing may be raised, as when an object is freed, Python drops what was."""
        if not isinstance(what.exc_value, _SignalledError):
            sys.__unraisablehook__(what)
        elif self.came:
            # Not now: it would be raised in here, and dropped again.
            Timer(_AGAIN_S, os.kill, [os.getpid(), self.came]).start()

    def ignore(self) -> None:
        """Nothing is left to be ended: all is done and said, but for the end of the process."""
        for number in self._NUMBERS:
            signal.signal(number, signal.SIG_IGN)


def run() -> None:
    """Runs the command line and ends the process with the code that the help promises."""
    sys.exit(_run(sys.argv[1:], _Signals()))


def _run(arguments: list[str], signals: _Signals) -> int:
    """The exit code of one call; every error is one line on standard error."""
    debug = "--debug" in arguments
    given = [argument for argument in arguments if argument != "--debug"]
    try:
        code = _command(given, debug=debug)
        signals.ignore()
    except (Exception, _SignalledError) as error:  # noqa: BLE001 - the last place to say it
        signals.ignore()
        if debug:
            traceback.print_exc()
        code, message = _signalled(signals.came) if signals.came else _ending(error)
        if message:
            sys.stderr.write(f"edgeslim: {' '.join(message.split())}\n")
    return code


def _command(arguments: list[str], *, debug: bool) -> int:
    """Runs a command; all that is slow to import is imported here, where a signal is heard."""
    from typer.main import get_command

    from edgeslim.cli.commands import app
    from edgeslim.cli.notes import notes_on_standard_error
    from edgeslim.cli.output import reserved_output

    reserved = reserved_output() if "--json" in arguments else nullcontext()
    with notes_on_standard_error(debug=debug), reserved:
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


def _signalled(number: int) -> tuple[int, str]:
    how = "interrupted" if number == signal.SIGINT else "ended from outside"
    return 128 + number, f"{how}; the same command goes on where it was"


def _ending(error: BaseException) -> tuple[int, str]:
    """Exit code and message for what ended a command."""
    from typer import TyperException

    match error:
        case ToldElsewhereError():
            return error.exit_code, ""
        case EdgeslimError():
            return error.exit_code, str(error)
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
