"""The shell script that supervises programs on devices, and quoting for their shells.

Devices have dash, bash, mksh with toybox, or busybox: the scripts use what all of these support.

A program runs under a shell script in a process group of its own, whose lifeline is the command's
standard input: it closes with the link, with the deadline and with the death of edgeslim, and the
group ends.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

__all__ = ["NOT_FOUND", "quote", "script", "supervise"]

NOT_FOUND = b"edgeslim-3f1c9a: no such program"
"""Marks a program that was not started, since it may end with status 127 for other reasons."""

_SUPERVISOR = """
name=$1 note=$2; shift 2
command -v "$name" >/dev/null 2>&1 || { echo "$NOT_FOUND" >&2; exit 127; }
exec 3<&0
if command -v setsid >/dev/null 2>&1; then
  setsid "$@" </dev/null 3<&- &
  child=$! group=$!
  end() { kill -9 -"$group" 2>/dev/null || kill -9 "$child" 2>/dev/null; }
  clear() { kill -9 -"$group" 2>/dev/null; }
else
  "$@" </dev/null 3<&- &
  child=$! group=$PPID
  kill -0 -$$ 2>/dev/null && group=$$
  end() { kill -9 0; }
  clear() { :; }
fi
echo "$group $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" >"$note"
( while read -r _; do :; done; end ) <&3 >/dev/null 2>&1 &
lifeline=$!
exec 3<&-
wait "$child" 2>/dev/null
status=$?
clear
kill -9 "$lifeline" 2>/dev/null
rm -f "$note"
exit "$status"
""".replace("$NOT_FOUND", NOT_FOUND.decode())
"""Runs a program in a process group of its own. The whole group ends with the program, and with
standard input, which ends with the link. A link that is lost silently is noticed when the device
is connected again; until then the runner's own deadlines apply.

Without setsid the group is that of the whole command, which the device's daemon makes. It ends
with the link too, but processes that a program leaves running do not end with the program."""


def quote(argv: Sequence[str]) -> str:
    """Quotes an argument list as one line for a device's shell."""
    return shlex.join(argv)


def script(text: str, *arguments: str) -> str:
    """A script with its arguments as one line for a device's shell."""
    return quote(["sh", "-c", text, "sh", *arguments])


def supervise(argv: Sequence[str], *, environment: Mapping[str, str], note: str) -> str:
    """A line that runs a program so that it ends with the link.

    Args:
        argv: The program and its arguments.
        environment: Environment variables of the program, by name.
        note: File on the device that has its process group while it runs.
    """
    variables = [f"{name}={value}" for name, value in environment.items()]
    command = ["env", *variables, *argv] if variables else list(argv)
    return script(_SUPERVISOR, argv[0], note, *command)
