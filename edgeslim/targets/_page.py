"""The laws as a page for readers, in Markdown."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgeslim.execution import Precision
from edgeslim.targets._book import LawBook, kernel_names
from edgeslim.targets._known import FAMILIES, known_laws
from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, FLOATS, Answer, Law

__all__ = ["law_page", "told_answer", "told_place"]

_COMMAND = "edgeslim targets --markdown"

_HEAD = """\
# Targets: what their kernels compute otherwise, and what is done about it

`opt` and Paddle-Lite's kernels get some operators wrong, mostly without a word, and each target
gets others wrong. All that is known of it stands in one table, `edgeslim/targets/`, with a file for
each family of operators. Whatever edgeslim converts is converted by it; `edgeslim inspect --target`
says which laws a model meets; and this page is what a command prints:

```
{command}
```

**A law** is about operators of some kinds. It has a condition on their attributes, on shapes, on
what stands before and behind them; the kernels that get them wrong (`x86`, `armv7`, `armv8`), in
which precisions, and whether with several threads alone; what happens; what is done; and its
source: files of Paddle-Lite 2.13, where nothing else is said. {count} laws are known.

| what is done | |
|---|---|
| *written* … | {written} |
| *in fp32* | where the rest of a model is fp16, this operator stays in fp32 |
| *one thread* | it is right with one thread; with several it is refused |
| *refused* | no file is written, and the message names the operator |

What meets a law and cannot be written otherwise (sizes that only the run says, a matrix that would
be too large) is refused too. Which place it is judged for follows from the run: the device says its
kernels, its profile or `--threads` how many threads. `--convert-only` is for all kernels of a
target and for several threads, unless `--threads 1` says that there will be one. Several numbers of
threads are judged each by itself; one that a law forbids is not had, and the others are.

```
edgeslim targets --target arm --operator pool2d
edgeslim inspect my_model --target arm --precisions fp32,fp16
```
"""

_WRITTEN = (
    "the operator is written in a form that is right everywhere, before `opt` sees the model. The "
    "model itself stays as it is: pruning, training and comparisons use it as it came. *Kept "
    "apart* is by a dropout for inference, which computes nothing; `opt` takes it out after the "
    "pass that would have merged wrongly, so that nothing of it is left on the device"
)

_TAIL = """\
## Known, and left as it is

What only values can say is no law, unless a form that is right costs nothing. This is known, and
nothing is written otherwise:

- **Norms of what a network computes** (`layer_norm` on arm, `instance_norm` and `group_norm`
  everywhere) lose digits where the mean is large beside the deviation: results are off by 1e-4
  where it is 10 times as large, by 0.01 at 100 times, by 0.1 to 0.8 at 1000 times, and all are NaN
  on some tensors that are the same everywhere. Taking the mean off before costs 7 to 20 % of a
  network with such a norm behind each layer, so that it is done for a network's inputs alone
  (`large-means`). Deployments compare outputs for the inputs that they are given, and what is lost
  on those is seen on the device. The mend is the same in the network itself: subtract the mean.
  Paddle's own `group_norm` loses as much. The statistics of `batch_norm` are constants, and lose
  nothing.
- **Comparisons of NaN** by `less_than` and its like on arm: libraries are compiled as if there were
  no NaN (`-ffast-math`), and what they say of it differs from compiler to compiler. Infinities are
  compared as they should be. Ask with `isnan`, which has a form that does not compare.
- **A logit behind a sigmoid** near 0 and 1: one bit of a sigmoid near 1 is 6 % of what is left to 1
  at a distance of 1e-6, and kernels' sigmoids differ by a bit. Choose an `eps` of 1e-3 or more, or
  use what the sigmoid was of.
- **Exponentials beyond 88.37** on arm are 2.4e38, not infinite.

## Laws of another version of the library

The laws are those of Paddle-Lite 2.12 to 2.14-rc. What a library of another version gets wrong, or
right, is said in a file of its own: `laws = "FILE"` in the device's profile, beside which it
stands, or `--laws FILE` for `deploy`, `inspect` and `targets`. It adds laws and withdraws known
ones by their names. Its conditions are declared, and nothing in it is run:

```toml
library = "v2.14-rc"                # the version that it is of; without it, any
withdrawn = ["recurrent-states"]    # laws that do not hold there

[[laws]]
name = "means-of-rows"
operators = ["reduce_mean"]
condition = "over the last axis of a picture"  # in words, for messages
happens = "the last column is left out"
source = "seen on our board, 2026-11"
targets = ["armv7"]                 # arm, armv7, armv8, x86; without it, arm
precisions = ["fp32", "fp16"]       # without it, all floats
several_threads = true              # wrong with more than one thread alone
mend = "use a sum and a factor"

[laws.when]                         # all of it; without it, every such operator
equal = { dim = [3] }                  # attributes that have a value
among = { keep_dim = [true, false] }   # or one of some
ranks = { X = [4] }                    # numbers of axes of the first tensor in a slot
extents = [{ slot = "X", axis = -1, least = 17, most = 64 }]
```

What meets an added law is refused; with `several_threads` it is run with one thread. What is
written otherwise stays so where its law is withdrawn, since that form is right everywhere; what is
refused is let through. An added law with a known one's name takes its place. A file that is of
another version than the device's library is refused.

A law that every user needs is a value in a file of `edgeslim/targets/`, with an example in
`tests/targets/examples/` that meets it. A rewriting is a file of `edgeslim/paddle_io/rewrites/`
that the law names. Tests hold that each has the other, that an example meets its law until it is
rewritten, and that what comes out is Paddle's, by the runtime for x86 and by what the operators of
the file for arm mean.
"""


def law_page(book: LawBook | None = None) -> str:
    """The page.

    Args:
        book: Laws; by default those that come with edgeslim.
    """
    laws = (book or known_laws()).laws
    families = FAMILIES.members()
    parts = [_HEAD.format(command=_COMMAND, count=len(laws), written=_WRITTEN)]
    known = {law.name for family in families.values() for law in family}
    for name, family in families.items():
        parts.append(_section(_title(name), [law for law in family if law in laws]))
    others = [law for law in laws if law.name not in known]
    parts.append(_section("Of a file of laws", others))
    parts.append(_TAIL)
    return "\n".join(part for part in parts if part)


def _title(family: str) -> str:
    """What the family's file says that it is about."""
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
        told_place(law),
        law.happens,
        told_answer(law),
        law.source,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def told_place(law: Law) -> str:
    """Where it holds, for people."""
    precisions = {
        EVERY_PRECISION: "",
        FLOATS: "floats",
    }
    told = precisions.get(
        law.precisions, ", ".join(each.value for each in Precision if each in law.precisions)
    )
    where = "everywhere" if law.kernels == EVERYWHERE else kernel_names(law.kernels)
    threads = "several threads" if law.several_threads else ""
    return ", ".join(filter(None, [where, told, threads]))


def told_answer(law: Law) -> str:
    """What is done about it, for people."""
    if law.answer is Answer.REWRITTEN:
        return f"written {law.form}"
    done = {Answer.FP32: "in fp32", Answer.ONE_THREAD: "one thread", Answer.REFUSED: "refused"}
    return done[law.answer] + (f": {law.mend}" if law.mend else "")
