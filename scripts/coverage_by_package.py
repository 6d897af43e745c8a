"""Prints how much of each package the tests reach, from the file that `coverage json` wrote.

    .venv/bin/coverage json -o FILE && .venv/bin/python scripts/coverage_by_package.py FILE

Statements and branches count alike, as in the total of `coverage report`.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path, PurePath

COUNTED = ("num_statements", "num_branches")
REACHED = ("covered_lines", "covered_branches")


def package_of(path: str) -> str:
    """The package right below `edgeslim` that a file belongs to, or `edgeslim` itself."""
    parts = PurePath(path).parts
    within = parts[parts.index("edgeslim") :]
    return "/".join(within[: min(2, len(within) - 1)])


def main() -> None:
    """Prints one line for each package, the least covered first."""
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for path, found in files.items():
        for package in (package_of(path), "all"):
            totals[package][0] += sum(found["summary"][name] for name in COUNTED)
            totals[package][1] += sum(found["summary"][name] for name in REACHED)
    rows = [(reached / counted, counted, package) for package, (counted, reached) in totals.items()]
    for share, counted, package in sorted(rows, key=lambda row: (row[2] == "all", row[0])):
        print(f"{package:28}{counted:8,d}{share:9.1%}")


if __name__ == "__main__":
    main()
