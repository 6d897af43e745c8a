"""The message of a check in Paddle-Lite that ended the program.

Its log marks such a line with F, and names its source file (``lite/utils/log/logging.cc``). A
library that was built without its log ends silently.
"""

from __future__ import annotations

import re

__all__ = ["failed_check"]

_FATAL = re.compile(
    r"\[F [^\]]*?(?P<file>[\w.-]+\.(?:cc|cpp|h))(?: [^\s\]]+)?:(?P<line>\d+)[^\]]*\] ?(?P<text>.*)"
)
_LONGEST = 300


def failed_check(errors: str) -> str:
    """The last failed check in the error output, with its place in the source; empty if none."""
    found = list(_FATAL.finditer(errors))
    if not found:
        return ""
    text = found[-1]["text"].strip().removesuffix(":")[:_LONGEST]
    return f"{text or 'no message'} ({found[-1]['file']}:{found[-1]['line']})"
