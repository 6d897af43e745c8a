"""The Python in which Paddle-Lite runs: this environment's own, or a companion that we make.

Paddle-Lite's wheel ends at Python 3.10 and NumPy 1. Only two kinds of child process import it, the
optimizer's and the runtime's; so these are started with another Python, and all else runs under
the Python that people have.
"""

from edgeslim.companion.find import VARIABLE, companion_folder, find_lite_python
from edgeslim.companion.make import lite_python, make_companion, missing_mend
from edgeslim.companion.versions import LITE_VERSION, LitePython, describe_lite_python

__all__ = [
    "LITE_VERSION",
    "VARIABLE",
    "LitePython",
    "companion_folder",
    "describe_lite_python",
    "find_lite_python",
    "lite_python",
    "make_companion",
    "missing_mend",
]
