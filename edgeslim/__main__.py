"""``python -m edgeslim`` is ``edgeslim``."""

from __future__ import annotations

from edgeslim.cli.main import run

if __name__ == "__main__":
    run()
