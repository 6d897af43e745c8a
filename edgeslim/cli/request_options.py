"""Options of a command from the fields of its request; see `edgeslim.options`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from edgeslim.cli.progress import terminal_progress
from edgeslim.counts import parse_count
from edgeslim.durations import parse_latency, parse_ms, parse_s
from edgeslim.options import (
    Option,
    OptionField,
    OptionsOf,
    option_fields,
    parse_names,
    parse_paths,
)
from edgeslim.sizes import parse_bytes, parse_kb, parse_mb

__all__ = ["with_options"]


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command an option for each field of its request.

    Args:
        command: Function of the command. Its first parameter is the request; it may be annotated
            with an `OptionsOf` that names the fields.
    """
    first, *own = signature(command, eval_str=True).parameters.values()
    chosen = getattr(first.annotation, "__metadata__", (OptionsOf(first.annotation),))[-1]
    owner, names = chosen.owner, chosen.names
    shows_progress = "progress" in signature(owner).parameters

    @wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - typer has checked them
        values = _values(owner, given, names)
        if shows_progress:
            values["progress"] = terminal_progress()
        command(owner(**values), **{other.name: given[other.name] for other in own})

    parameters = [*_parameters(owner, names), *own]
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [one.replace(kind=Parameter.KEYWORD_ONLY) for one in parameters]
    )
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


def _parameters(owner: type, names: tuple[str, ...] = ()) -> Iterator[Parameter]:
    """The parameters of a command that typer makes options of."""
    for field in option_fields(owner, names):
        if isinstance(field.marker, OptionsOf):
            for inner in _parameters(field.marker.owner, field.marker.names):
                if inner.name == field.name:
                    get_args(inner.annotation)[1].help = field.text
                yield inner
        else:
            yield _parameter(field, field.marker)


def _parameter(field: OptionField, option: Option) -> Parameter:
    kind, default = field.kind, field.default
    if option.parse is not None:
        kind = list[str] if option.is_repeated else str
    elif get_origin(kind) in {tuple, Sequence}:
        kind = list[get_args(kind)[0]]  # type: ignore[misc]
    if default is not Parameter.empty and (
        option.parse or not isinstance(default, str | int | float | Path)
    ):
        kind, default = kind | None, None
    text = field.text
    if option.members is not None:
        text = f"{text.rstrip('.')}: {', '.join(option.members())}."
    if option.is_argument:
        how = typer.Argument(help=text)
    else:
        # Of what is on by default, typer adds the name that turns it off.
        how = typer.Option(
            *(() if default is True else field.option_names),
            help=text,
            metavar=_metavar(field, option),
            rich_help_panel=option.panel or None,
        )
    return Parameter(
        field.key, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, how]
    )


_METAVARS: dict[Callable[[Any], Any] | None, str] = {
    parse_ms: "DURATION",
    parse_s: "DURATION",
    parse_latency: "DURATION",
    parse_bytes: "SIZE",
    parse_mb: "SIZE",
    parse_kb: "SIZE",
    parse_count: "COUNT",
    parse_names: "NAME,...",
    parse_paths: "FILE",
}
"""What the help calls the value of an option, by what reads it."""


def _metavar(field: OptionField, option: Option) -> str | None:
    """What the help calls an option's value, where its type alone says too little."""
    known = option.metavar or _METAVARS.get(option.parse)
    if known or Path not in {field.kind, *get_args(field.kind)}:
        return known
    return "FOLDER" if field.text.startswith("Folder") else "FILE"


def _values(owner: type, given: Mapping[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of fields whose options are given."""
    found: dict[str, Any] = {}
    for field in option_fields(owner, names):
        if isinstance(field.marker, OptionsOf):
            make = field.marker.make or field.marker.owner
            if inner := _values(field.marker.owner, given, field.marker.names):
                found[field.name] = make(**inner)
        elif (value := given[field.key]) not in (None, [], field.default):
            parse = field.marker.parse or (tuple if isinstance(value, list) else None)
            found[field.name] = parse(value) if parse else value
    return found
