"""The page of all laws (``docs/targets.md``), in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgeslim.execution import Precision
from edgeslim.targets._book import LawBook, kernel_names
from edgeslim.targets._known import FAMILIES, known_laws
from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, FLOATS, Answer, Law

__all__ = ["format_answer", "format_place", "law_page"]

_COMMAND = "edgeslim targets --markdown"

_HEAD = """\
# Targets: what their kernels compute otherwise, and what is done about it

`opt` and Paddle-Lite's kernels compute some operators wrongly, mostly without an error message, and
not the same ones on each target. All that is known about it stands in one table,
`edgeslim/targets/`, with a file for each family of operators, and every conversion uses it.
`edgeslim inspect --target` says which laws a model meets, and this page is printed by a command:

```
{command}
```

**A law** is about operators of some kinds. It has a condition on their attributes, shapes and
neighbouring operators; the kernels that compute them wrongly (`x86`, `armv7`, `armv8`), in which
precisions, and whether only with several threads; what happens; what is done; and its source:
files of Paddle-Lite 2.13 unless it says otherwise. {count} laws are known.

| what is done | |
|---|---|
| *written* … | {written} |
| *in fp32* | where the rest of a model is fp16, this operator stays in fp32 |
| *one thread* | it is correct with one thread; with several it is refused |
| *refused* | no file is written, and the message names the operator |

An operator that meets a law and cannot be rewritten (sizes that are only known while the model
runs, a matrix that would be too large) is refused too. The place that laws are checked for follows
from the command: the device tells its kernels, and its profile or `--threads` the number of
threads. `--convert-only` checks for all kernels of a target and for several threads, unless
`--threads 1` says that there will be one. Several numbers of threads are checked one by one; a
number that a law forbids is left out, and the others are measured.

```
edgeslim targets --target arm --operator pool2d
edgeslim inspect my_model --target arm --precisions fp32,fp16
```
"""

_WRITTEN = (
    "the operator is rewritten in a form that is correct everywhere, before `opt` sees the model. "
    "The model itself stays as it is: pruning, training and comparisons use it as it came. "
    "Operators are *kept apart* by a dropout for inference between them, which computes nothing; "
    "`opt` removes it after the pass that would have merged them wrongly, so that the device never "
    "runs it"
)

_TAIL = """\
## Known, and left as it is

What depends on values alone is no law, unless a correct form costs nothing. These problems are
known, and no operator is rewritten for them:

- **Norms of tensors inside a network** (`layer_norm` on arm, `instance_norm` and `group_norm`
  everywhere) lose digits where the mean is large beside the standard deviation: results are off by
  1e-4 where it is 10 times as large, by 0.01 at 100 times, by 0.1 to 0.8 at 1000 times, and on some
  constant tensors all results are NaN. Subtracting the mean first costs 7 to 20 % of a network with
  such a norm after each layer, so that it is done for a network's inputs only (`large-means`).
  Deployments compare outputs for the inputs that they are given, and show what is lost on those.
  The same mend works in the network itself: subtract the mean. Paddle's own `group_norm` loses as
  much. The statistics of `batch_norm` are constants, and lose nothing.
- **Comparisons of NaN** by `less_than` and similar operators on arm: libraries are compiled as if
  there were no NaN (`-ffast-math`), and the result differs from compiler to compiler. Infinities
  are compared correctly. Use `isnan`, which is rewritten in a form without comparisons.
- **A logit of a sigmoid** near 0 and 1: one bit of a sigmoid that is 1e-6 below 1 is 6 % of that
  distance, and kernels' sigmoids differ by a bit. Choose an `eps` of 1e-3 or more, or use the
  sigmoid's input.
- **Exponentials of values beyond 88.37** on arm are 2.4e38, not infinite.

## Laws of another version of the library

The laws are those of Paddle-Lite 2.12 to 2.14-rc. A file of laws says what differs in another
version of the library: `laws = "FILE"` in the device's profile, relative to its folder, or
`--laws FILE` for `deploy`, `inspect` and `targets`. It adds laws and withdraws known ones by their
names. Its conditions are declared, and no code in it is run:

```toml
library = "v2.14-rc"                # the version that it is about; without it, any
withdrawn = ["recurrent-states"]    # laws that do not hold there

[[laws]]
name = "means-of-rows"
operators = ["reduce_mean"]
condition = "over the last axis of an image"  # in words, for messages
happens = "the last column is left out"
source = "seen on our board, 2026-11"
targets = ["armv7"]                 # arm, armv7, armv8, x86; without it, arm
precisions = ["fp32", "fp16"]       # without it, all floats
several_threads = true              # only wrong with more than one thread
mend = "use a sum and a factor"

[laws.when]                         # all of these; without them, every such operator
equal = { dim = [3] }                  # attributes that have a value
among = { keep_dim = [true, false] }   # attributes that have one of several values
ranks = { X = [4] }                    # numbers of axes of the first tensor in a slot
extents = [{ slot = "X", axis = -1, least = 17, most = 64 }]
```

An operator that meets an added law is refused; with `several_threads` it is run with one thread.
Operators are rewritten even if their law is withdrawn, since the form is correct everywhere; those
that would be refused are let through. An added law with the name of a known one replaces it. A file
for another version than the device's library is refused.

A law that every user needs is a value in a file of `edgeslim/targets/`, with an example in
`tests/targets/examples/` that meets it. Its rewrite is a file of `edgeslim/paddle_io/rewrites/`
that the law names. Tests check that each has the other, that an example meets its law until it is
rewritten, and that the result is Paddle's: by the runtime for x86, and by interpreting the
optimized file for arm.
"""


def law_page(book: LawBook | None = None) -> str:
    """The page of all laws, in Markdown.

    Args:
        book: The laws on the page; by default those that come with edgeslim.
    """
    laws = (book or known_laws()).laws
    families = FAMILIES.members()
    parts = [_HEAD.format(command=_COMMAND, count=len(laws), written=_WRITTEN)]
    known = {law.name for family in families.values() for law in family}
    for name, family in families.items():
        parts.append(_section(_title(name), [law for law in family if law in laws]))
    others = [law for law in laws if law.name not in known]
    parts.append(_section("From a file of laws", others))
    parts.append(_TAIL)
    return "\n".join(part for part in parts if part)


def _title(family: str) -> str:
    """The first line of the docstring of the family's file."""
    module = sys.modules[f"edgeslim.targets.{family.replace('-', '_')}"]
    return (module.__doc__ or family).partition("\n")[0].rstrip(".")


def _section(title: str, laws: Sequence[Law]) -> str:
    if not laws:
        return ""
    head = "| law | operators | where | what happens | what is done | source |\n" + "|---" * 6 + "|"
    return "\n".join([f"## {title}\n", head, *map(_row, laws)]) + "\n"


def _row(law: Law) -> str:
    kinds = " ".join(f"`{kind}`" for kind in law.operators) or "any"
    cells = (
        f"`{law.name}`",
        f"{kinds}: {law.condition}",
        format_place(law),
        law.happens,
        format_answer(law),
        law.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def format_place(law: Law) -> str:
    """Where a law holds, for people."""
    special = {EVERY_PRECISION: "", FLOATS: "floats"}
    precisions = special.get(
        law.precisions,
        ", ".join(precision.value for precision in Precision if precision in law.precisions),
    )
    where = "everywhere" if law.kernels == EVERYWHERE else kernel_names(law.kernels)
    threads = "several threads" if law.several_threads else ""
    return ", ".join(filter(None, [where, precisions, threads]))


def format_answer(law: Law) -> str:
    """What is done about a law, for people."""
    if law.answer is Answer.REWRITTEN:
        return f"written {law.form}"
    answer = "in fp32" if law.answer is Answer.FP32 else law.answer.value
    return answer + (f": {law.mend}" if law.mend else "")
