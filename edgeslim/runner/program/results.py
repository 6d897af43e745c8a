"""The runner's results: numbered JSON lines, in a file and on standard output."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any, Dict, NoReturn

Message = Dict[str, Any]
"""A part of the manifest or of the results, as decoded from JSON."""

REFUSED = 3
"""Exit status when the runner refuses to run at all; standard error says why."""


class EntryError(Exception):
    """One entry cannot be measured; the others can."""


def refuse(reason: str) -> NoReturn:
    """Ends the runner before it has run anything."""
    sys.stderr.write(reason + "\n")
    sys.exit(REFUSED)


class Results:
    """The results file, flushed line by line, and echoed to show progress."""

    def __init__(self, path: str) -> None:
        # Standard output is for results alone: what native code prints goes to the errors.
        self._echo = os.dup(1)
        os.dup2(2, 1)
        self._file = open(path, "wb")
        self._count = 0
        self._digest = hashlib.sha256()

    def say(self, message: Message) -> None:
        """Writes one line."""
        line = json.dumps({"sequence": self._count, **message}).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        self._digest.update(line)
        self._count += 1
        try:
            while line:
                line = line[os.write(self._echo, line) :]
        except OSError:
            pass  # nobody reads it any more; the file is what counts

    def close(self) -> None:
        """Writes the end mark."""
        count, checksum = self._count, self._digest.hexdigest()
        self.say({"event": "end", "count": count, "sha256": checksum})
        os.fsync(self._file.fileno())
        self._file.close()
