"""Counts what a reader of the package has to get through; no gate, figures to compare over time.

    python3 scripts/count_structure.py [FOLDER] [--list]

Printed are lines and files; bare participles, variables called `each` and public class names that
stand twice, as `scripts/check_words.py` finds them; functions over 60 lines, files over 400; and
parameters that are only handed on: each use of them is an argument of a call, unchanged. `--list`
names the parameters that are handed on most often, and between which functions.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from check_words import is_participle

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Names of a function's parameters without `self` and `cls`."""
    known = function.args
    found = [*known.posonlyargs, *known.args, *known.kwonlyargs]
    return [one.arg for one in found if one.arg not in {"self", "cls"}]


def handed_on(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Parameters that are only arguments of calls, each with the functions that are called."""
    uses: defaultdict[str, int] = defaultdict(int)
    given: defaultdict[str, list[str]] = defaultdict(list)
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name):
                uses[node.id] += 1
            elif isinstance(node, ast.Call):
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                for value in values:
                    if isinstance(value, ast.Name):
                        given[value.id].append(ast.unparse(node.func))
    for name in parameters(function):
        if given[name] and len(given[name]) == uses[name]:
            yield name, ", ".join(dict.fromkeys(given[name]))


def main() -> None:
    """Prints the figures."""
    listed, folders = "--list" in sys.argv, [one for one in sys.argv[1:] if one != "--list"]
    root = Path(folders[0]) if folders else Path(__file__).resolve().parent.parent / "edgeslim"
    counts: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    names: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        counts["files"] += 1
        counts["lines"] += len(text.splitlines())
        counts[f"files over {LONGEST_FILE} lines"] += len(text.splitlines()) > LONGEST_FILE
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes[node.name] += 1
            is_bound = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            counts["variables called each"] += is_bound and node.id == "each"
            if isinstance(node, FUNCTIONS):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                counts[f"functions over {LONGEST_FUNCTION} lines"] += length > LONGEST_FUNCTION
                counts["participles"] += is_participle(node.name)
                counts["parameters"] += len(parameters(node))
                for name, callees in handed_on(node):
                    counts["parameters only handed on"] += 1
                    names[name].append(f"{path.relative_to(root)}:{node.name} -> {callees}")
    counts["public class names that stand twice"] = sum(count > 1 for count in classes.values())
    for what, count in sorted(counts.items()):
        print(f"{count:8,}  {what}")
    for name, where in sorted(names.items(), key=lambda item: -len(item[1]))[:30] if listed else ():
        print(f"\n{len(where)} {name}", *where, sep="\n    ")


if __name__ == "__main__":
    main()
