"""The program ``edgeslim``: runs a command, and ends it with an exit code and one line of error."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import nullcontext
from threading import Timer
from types import FrameType, TracebackType

from edgeslim.errors import EdgeslimError, ReportedElsewhereError

__all__ = ["run"]


_ANYWHERE = ("--debug", "--wide")
"""Options of the program itself that may stand anywhere, also behind a command."""

_AGAIN_S = 0.02
"""Seconds after which a signal that was lost is sent once more."""


class _SignalledError(BaseException):
    """The user or the system ends the process; the programs that it started end with it."""


class _Signals:
    """Handles the signals that end the process, from its start to its end.

    What a signal raises may arrive as another error: native modules turn whatever happens while
    they are loaded into an import error. So a received signal is remembered.
    """

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.received = 0
        for number in self._NUMBERS:
            # Ignored ones stay so: nohup, or a shell that put this into the background.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._raise)
        sys.unraisablehook = self._send_again
        sys.excepthook = self._print

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        raise _SignalledError

    def _send_again(self, what: sys.UnraisableHookArgs) -> None:
        """Sends a signal again that Python dropped, as it does while an object is freed."""
        if not isinstance(what.exc_value, _SignalledError):
            sys.__unraisablehook__(what)
        elif self.received:
            # Later: raised in here, it would be dropped again.
            Timer(_AGAIN_S, os.kill, [os.getpid(), self.received]).start()

    @staticmethod
    def _print(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Prints an error that nothing has caught; native modules print a signal on loading."""
        if not issubclass(kind, _SignalledError):
            sys.__excepthook__(kind, error, trace)

    def ignore(self) -> None:
        """Ignores further signals: everything is done but the end of the process."""
        for number in self._NUMBERS:
            signal.signal(number, signal.SIG_IGN)


def run() -> None:
    """Runs the command line and ends the process with the code that the help promises."""
    sys.exit(_run(sys.argv[1:], _Signals()))


def _run(arguments: list[str], signals: _Signals) -> int:
    """Runs one call; every error becomes one line on standard error, and the exit code."""
    debug = "--debug" in arguments
    given = [argument for argument in arguments if argument not in _ANYWHERE]
    try:
        code = _command(given, debug=debug, wide="--wide" in arguments)
        signals.ignore()
    except (Exception, _SignalledError) as error:  # noqa: BLE001 - the last place to say it
        signals.ignore()
        if debug:
            traceback.print_exc()
        code, message = _ending_by_signal(signals.received) if signals.received else _ending(error)
        if message:
            sys.stderr.write(f"edgeslim: {' '.join(message.split())}\n")
    return code


def _command(arguments: list[str], *, debug: bool, wide: bool) -> int:
    """Runs a command; what is slow to import is imported here, where signals are handled."""
    from typer.main import get_command

    from edgeslim.cli.commands import app
    from edgeslim.cli.notes import notes_on_standard_error
    from edgeslim.cli.output import reserved_output, whole_tables

    reserved = reserved_output() if "--json" in arguments else nullcontext()
    with notes_on_standard_error(debug=debug), reserved, whole_tables(wide):
        result = get_command(app).main(args=arguments, prog_name="edgeslim", standalone_mode=False)
    _flush()
    return result if isinstance(result, int) else 0


def _flush() -> None:
    """Writes the output now; what cannot be written is not tried again at the exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _ending_by_signal(number: int) -> tuple[int, str]:
    """Exit code and message for a signal that ended a command."""
    how = "interrupted" if number == signal.SIGINT else "ended from outside"
    return 128 + number, f"{how}; run the same command again to continue"


def _asked_command() -> str:
    """The command that was called, as far as the arguments name one."""
    from edgeslim.cli.commands import COMMANDS

    named = [word for word in sys.argv[1:2] if word in COMMANDS]
    return " ".join(["edgeslim", *named])


def _ending(error: BaseException) -> tuple[int, str]:
    """Exit code and message for an error that ended a command."""
    from typer import TyperException

    match error:
        case ReportedElsewhereError():
            return error.exit_code, ""
        case EdgeslimError():
            return error.exit_code, str(error)
        case TyperException():
            # Without any arguments the help was printed, and there is nothing to add.
            message = error.format_message()
            context = getattr(error, "ctx", None)
            asked = _asked_command() if context is None else context.command_path
            return 2, f"{message} ({asked} --help says more)" if message else ""
        case BrokenPipeError():
            return 1, "nobody reads the output any more"
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            return 1, f"{error.strerror or error}{where}"
        case _:
            kind = type(error).__name__
            return 1, f"unexpected {kind}: {error} (run it again with --debug for the trace)"
