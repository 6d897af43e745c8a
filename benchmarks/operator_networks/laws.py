"""Cases as they are prepared for a target, and the laws of its kernels that they meet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.errors import EdgeslimError
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.lite.converter import Conversion, ConversionTask, convert
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Place
from operator_networks.case import Case
from operator_networks.network import build

__all__ = ["Judged", "judge_cases"]


_BEFORE_OPT = {"attributes-left-out", "identities-of-inputs", "outputs-left-out"}
"""Laws about what `opt` reads, of which nothing is to be seen in what it writes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """What laws say of a case.

    Args:
        status: ``converted``; ``refused`` by a law; ``aborted`` by `opt` all the same; ``unsaved``
            by Paddle.
        rewritten: Names of the laws of the target that it met, once for each operator.
        refused: Names of those that it still meets.
        left: Names of those that operators meet which `opt` left.
        message: What it ended with.
    """

    status: str
    rewritten: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    message: str = ""


def judge_cases(cases: Sequence[Case], target: Target) -> Iterator[dict[str, Any]]:
    """A record of each case: its line, and what laws say of it."""
    place = Place.of(target)
    with temporary_folder() as folder:
        prepared = [_prepared(case, folder / str(number)) for number, case in enumerate(cases)]
        first = [_judged(each, place) for each in prepared]
        ready = {
            number: each
            for number, each in enumerate(prepared)
            if isinstance(each, PreparedModel) and first[number].status == "converted"
        }
        done = convert(
            [
                Conversion(
                    model=model.program,
                    parameters=model.parameters,
                    target=target,
                    output=folder / f"{number}.left",
                    task=ConversionTask.FUSE,
                )
                for number, model in ready.items()
            ]
        )
        for number, converted in zip(ready, done, strict=True):
            known = first[number]
            if converted.error is not None:
                first[number] = Judged(
                    status="aborted", rewritten=known.rewritten, message=str(converted.error)
                )
                continue
            first[number] = Judged(
                status="converted",
                rewritten=known.rewritten,
                left=tuple(
                    name
                    for name in _names(place, converted.conversion.result)
                    if name.partition(" ")[0] not in _BEFORE_OPT
                ),
            )
    for case, judged in zip(cases, first, strict=True):
        yield {
            "case": json.loads(case.line),
            "status": judged.status,
            "rewritten": list(judged.rewritten),
            "refused": list(judged.refused),
            "left": list(judged.left),
            "message": judged.message,
        }


def _prepared(case: Case, folder: Path) -> PreparedModel | EdgeslimError:
    net = build(case)
    try:
        return prepare_layer(net, case.shape, folder, name="network")
    except EdgeslimError as error:
        return error


def _judged(model: PreparedModel | EdgeslimError, place: Place) -> Judged:
    if isinstance(model, EdgeslimError):
        # Channels last are refused while a model is prepared.
        by_law = "cannot be converted: " in str(model)
        return Judged(status="refused" if by_law else "unsaved", message=str(model))
    rewritten = tuple(each.law.name for each in model.rewritten if each.law.is_about(place))
    refused = _names(place, model.program)
    return Judged(
        status="refused" if refused else "converted", rewritten=rewritten, refused=refused
    )


def _names(place: Place, program: Path) -> tuple[str, ...]:
    """The laws that operators of a program meet."""
    found = place.violations(operators_of(read_program(program)))
    return tuple(f"{each.law.name} ({each.operator.kind})" for each in found)
