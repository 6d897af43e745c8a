"""What Paddle-Lite says when a check of its own ends the program that runs a model.

Its log marks such a line with F, and names its source file (``lite/utils/log/logging.cc``). A
library that was built without its log ends without a word.
"""

from __future__ import annotations

import re

__all__ = ["own_check"]

_FATAL = re.compile(
    r"\[F [^\]]*?(?P<file>[\w.-]+\.(?:cc|cpp|h))(?: [^\s\]]+)?:(?P<line>\d+)[^\]]*\] ?(?P<text>.*)"
)
_LONGEST = 300


def own_check(said: str) -> str:
    """The last check that failed, with its place in Paddle-Lite's source; empty if none says so."""
    found = list(_FATAL.finditer(said))
    if not found:
        return ""
    text = found[-1]["text"].strip().removesuffix(":")[:_LONGEST]
    return f"{text or 'it says no more'} ({found[-1]['file']}:{found[-1]['line']})"
