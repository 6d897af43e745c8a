"""The table of laws as a whole: what it names is there, and what there is it names."""

from __future__ import annotations

import pytest

from edgeslim.companion import lite_python
from edgeslim.paddle_io.rewrites import REWRITES
from edgeslim.targets import Answer, Kernels, known_laws
from edgeslim.targets._served import SERVED
from tests.tools import require_module, run_python

LAWS = known_laws().laws


def test_every_rewriting_is_named_by_a_law_and_every_law_names_one_that_is_there() -> None:
    named = {law.rewrite for law in LAWS if law.answer is Answer.REWRITTEN}
    assert named == set(REWRITES.names())


def test_what_is_rewritten_says_as_what_and_nothing_else_names_a_rewriting() -> None:
    for law in LAWS:
        rewritten = law.answer is Answer.REWRITTEN
        assert (bool(law.rewrite), bool(law.form)) == (rewritten, rewritten), law.name
        assert rewritten or law.meets, law.name


def test_every_law_says_what_happens_where_and_by_what_source() -> None:
    for law in LAWS:
        assert law.condition, law.name
        assert law.happens, law.name
        assert law.source, law.name
        assert law.kernels, law.name
        assert law.precisions, law.name
        assert law.name == law.name.lower().replace(" ", "-")


@pytest.mark.slow
def test_the_library_has_kernels_for_what_is_said_to_be_served() -> None:
    require_module("paddlelite")
    printed = run_python(
        "from paddlelite import lite; lite.Opt().print_all_ops()", python=lite_python()
    ).splitlines()
    head = next(line for line in printed if "OP_name" in line)
    columns = {name: head.index(name) for name in ("kARM", "kHost", "kX86")}
    rows = [row for row in printed[printed.index(head) + 1 :] if row.strip()]
    for kernels, own in ((Kernels.ARMV7, "kARM"), (Kernels.ARMV8, "kARM"), (Kernels.X86, "kX86")):
        at = [columns[column] for column in (own, "kHost")]
        listed = {row.split()[0] for row in rows if any("Y" in row[x - 2 : x + 8] for x in at)}
        assert listed == SERVED[kernels]
