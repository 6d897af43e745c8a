"""The error tree is the one drawn in its docstring."""

from __future__ import annotations

import re

import pytest

from edgeslim import errors
from edgeslim.errors import EdgeslimError


def test_the_drawing_shows_every_error_below_its_parent() -> None:
    parents: list[str] = []
    drawn = {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)(\w+Error)\b", line)
        if found is not None:
            depth = len(found[1]) // 4
            del parents[depth:]
            drawn[found[2]] = parents[-1] if parents else "Exception"
            parents.append(found[2])
    real = {name: getattr(errors, name).__base__.__name__ for name in errors.__all__}
    assert drawn == real


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_has_an_exit_code_and_a_description(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, EdgeslimError)
    assert kind.exit_code == (2 if issubclass(kind, errors.UsageError) else 1)
    assert kind.__doc__
