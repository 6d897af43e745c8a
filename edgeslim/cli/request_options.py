"""Options of a command from the fields of its request; see `edgeslim.options`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from edgeslim.cli.progress import terminal_progress
from edgeslim.options import Option, OptionsOf, field_texts

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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    """A field that is an option, or is made of options.

    Args:
        name: Name of the field in its class.
        kind: Type of the field's value.
        default: Default of the field; `Parameter.empty` if it must be given.
        marker: How it is written on the command line.
        text: What stands below it.
    """

    name: str
    kind: Any
    default: Any
    marker: Option | OptionsOf
    text: str

    @property
    def key(self) -> str:
        """Name of the command's parameter: that of the option."""
        names = self.marker.names if isinstance(self.marker, Option) else ()
        return (*names, self.name)[0].lstrip("-").replace("-", "_")


def _fields(owner: type, names: tuple[str, ...] = ()) -> Iterator[_Field]:
    parameters, kinds = signature(owner).parameters, get_type_hints(owner)
    hints = get_type_hints(owner, include_extras=True)
    for name, text in field_texts(owner).items():
        marker = getattr(hints[name], "__metadata__", (None,))[-1]
        if isinstance(marker, Option | OptionsOf) and (not names or name in names):
            yield _Field(
                name=name,
                kind=kinds[name],
                default=parameters[name].default,
                marker=marker,
                text=text,
            )


def _parameters(owner: type, names: tuple[str, ...] = ()) -> Iterator[Parameter]:
    """The parameters of a command that typer makes options of."""
    for field in _fields(owner, names):
        if isinstance(field.marker, OptionsOf):
            for inner in _parameters(field.marker.owner, field.marker.names):
                if inner.name == field.name:
                    get_args(inner.annotation)[1].help = field.text
                yield inner
        else:
            yield _parameter(field, field.marker)


def _parameter(field: _Field, option: Option) -> Parameter:
    kind, default = field.kind, field.default
    if option.parse is not None:
        kind = list[str] if option.is_repeated else str
    elif get_origin(kind) is tuple:
        kind = list[get_args(kind)[0]]  # type: ignore[misc]
    if default is not Parameter.empty and (
        option.parse or not isinstance(default, str | int | float | Path)
    ):
        kind, default = kind | None, None
    names = option.names or (f"--{field.name.replace('_', '-')}",)
    if option.is_argument:
        how = typer.Argument(help=field.text)
    else:
        # Of what is on by default, typer adds the name that turns it off.
        how = typer.Option(
            *(() if default is True else names),
            help=field.text,
            rich_help_panel=option.panel or None,
        )
    return Parameter(
        field.key, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, how]
    )


def _values(owner: type, given: Mapping[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of fields whose options are given."""
    found: dict[str, Any] = {}
    for field in _fields(owner, names):
        if isinstance(field.marker, OptionsOf):
            make = field.marker.make or field.marker.owner
            if inner := _values(field.marker.owner, given, field.marker.names):
                found[field.name] = make(**inner)
        elif (value := given[field.key]) not in (None, [], field.default):
            parse = field.marker.parse or (tuple if isinstance(value, list) else None)
            found[field.name] = parse(value) if parse else value
    return found
