"""Names and docstrings that a stranger stumbles over: a gate beside the linters.

    .venv/bin/python scripts/check_words.py [edgeslim/channels ...]

Said are functions called by a bare participle (they are verbs, nouns of the field, or `is_...`),
variables called `each`, public classes of one name in two places, and arguments described in fewer
than four words. Given folders confine what is said; names are compared over the whole package.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NO_PARTICIPLES = {"embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "wed"}
IRREGULAR = frozenset(
    """begun bound brought built chosen come done drawn driven fallen felt found given gone got had
    held kept known laid led left let lost made meant met paid rewritten said seen sent shown spent
    stood sunk taken thought told torn understood unknown unwritten won written""".split()  # noqa: SIM905
)
BEHIND = {"anew", "apart", "away", "by", "down", "in", "of", "off", "on", "out", "so", "together"}
ARGUMENT = re.compile(r"^ {4,}\*{0,2}\w+: (?P<text>.*)$")


def is_participle(name: str) -> bool:
    """Whether a name is a participle alone, with or without `not` and what stands behind it."""
    words = [word for word in name.strip("_").split("_") if word != "not"]
    if not words or any(word not in BEHIND for word in words[1:]):
        return False
    regular = words[0].endswith("ed") and words[0] not in NO_PARTICIPLES
    return regular or words[0] in IRREGULAR


def short_arguments(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Arguments of a docstring that are described in under four words, by line."""
    text = ast.get_docstring(node) if isinstance(node, ast.ClassDef | ast.FunctionDef) else None
    _, _, behind = (text or "").partition("Args:\n")
    lines = re.split(r"\n(?=\S)", behind)[0].splitlines()
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        found = ARGUMENT.match(line)
        if found and not following.startswith(" " * 8) and len(found["text"].split()) < 4:
            yield getattr(node, "lineno", 0), f"says too little: {line.strip()!r}"


def faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and fault, but for names that are taken twice."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and is_participle(node.name):
            yield node.lineno, f"a function is called {node.name!r}: a verb, a noun, or is_..."
        is_bound = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        if (is_bound and node.id == "each") or (isinstance(node, ast.arg) and node.arg == "each"):
            yield node.lineno, "a variable is called 'each': name what it is"
        yield from short_arguments(node)


def is_within(path: Path, chosen: Collection[Path]) -> bool:
    """Whether a file is one of those, or in one of those folders."""
    return any(path == one or one in path.parents for one in chosen)


def main() -> None:
    """Prints the faults; ends with 1 if there are any."""
    chosen = [Path(given).resolve() for given in sys.argv[1:]] or [ROOT / "edgeslim"]
    classes, said = defaultdict(list), 0
    for path in sorted((ROOT / "edgeslim").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, fault in sorted(faults(tree)) if is_within(path, chosen) else ():
            said += 1
            print(f"{path.relative_to(ROOT)}:{line}: {fault}")
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes[node.name].append((path, node.lineno))
    for name, places in sorted(classes.items()):
        if len(places) > 1 and any(is_within(path, chosen) for path, _ in places):
            said += 1
            where = ", ".join(f"{path.relative_to(ROOT)}:{line}" for path, line in places)
            print(f"two classes are called {name!r}: {where}")
    print(f"{said} faults" if said else "names and arguments are as they should be")
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
