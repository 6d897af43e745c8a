"""Options: what may be asked of a command and of its Python function, declared once.

A *request* is a frozen dataclass with everything that can be asked. A field with an `Option` in
its type is an option of the command line, and what it means stands below it::

    epochs: Annotated[int, TRAINING] = 10
    \"\"\"How often each example is seen.\"\"\"

The command line reads names, types, defaults and meanings from the request
(`edgeslim.cli.request_options`). The function takes it whole, or its fields as arguments
(`called_with`).
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, wraps
from inspect import Signature, cleandoc, get_annotations, getsource, signature
from itertools import pairwise
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, cast, get_type_hints, overload

__all__ = [
    "ARGUMENT",
    "OPTION",
    "Option",
    "OptionField",
    "OptionsOf",
    "RequestFunction",
    "called_with",
    "field_names",
    "field_texts",
    "option_fields",
    "option_words",
    "parse_names",
    "parse_paths",
    "shared_fields",
]

Fields = ParamSpec("Fields")
Request = TypeVar("Request")
Request_contra = TypeVar("Request_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Option:
    """How a field is written on the command line.

    Args:
        panel: Heading of the help that it stands below; empty for the general one.
        names: Names on the command line; by default that of the field.
        parse: Makes the field's value of the text, or of the texts if it can be repeated.
        is_repeated: Whether the option may be given several times.
        is_argument: Whether it has no name on the command line but a place.
        members: Gives the names that the help lists behind the meaning, such as a shelf's.
        metavar: What the help calls its value, such as ``DURATION``; by default what its type and
            its meaning say.
    """

    panel: str = ""
    names: tuple[str, ...] = ()
    parse: Callable[[Any], Any] | None = None
    is_repeated: bool = False
    is_argument: bool = False
    members: Callable[[], Iterable[str]] | None = None
    metavar: str = ""

    def __call__(
        self,
        *names: str,
        parse: Callable[[str], Any] | None = None,
        parse_all: Callable[[list[str]], Any] | None = None,
        members: Callable[[], Iterable[str]] | None = None,
        metavar: str = "",
    ) -> Option:
        """The option with names of its own, or with a parser: of its text, or of all its texts."""
        return replace(
            self,
            names=names,
            parse=parse or parse_all,
            is_repeated=parse_all is not None,
            members=members,
            metavar=metavar,
        )


OPTION = Option()
"""An option below no heading of its own."""
ARGUMENT = Option(is_argument=True)
"""What stands behind the command without a name."""


def parse_names(text: str) -> tuple[str, ...]:
    """Parses names like ``fp32,fp16``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_paths(texts: list[str]) -> tuple[Path, ...]:
    """Parses the paths of an option that may be given several times."""
    return tuple(map(Path, texts))


@dataclass(frozen=True, slots=True)
class OptionsOf:
    """The value of a field is made of options that another class declares.

    An option that is called as the field itself has the meaning that stands below the field.

    Args:
        owner: The class whose fields are the options.
        names: Which of its fields; empty for all that are options.
        make: Makes the value from the fields that are given; by default the class.
    """

    owner: type
    names: tuple[str, ...] = ()
    make: Callable[..., Any] | None = None


def shared_fields(value: object, owner: type) -> dict[str, Any]:
    """The fields of a value, by name, that a class has which both derive from."""
    return {name: getattr(value, name) for name in signature(owner).parameters}


def field_names(owner: type) -> list[str]:
    """The names of the fields of a class, and then of its bases."""
    return list(dict.fromkeys(name for base in owner.__mro__ for name in get_annotations(base)))


@cache
def field_texts(owner: type) -> Mapping[str, str]:
    """What stands below the fields of a class, and then of its bases, in one line each."""
    found: dict[str, str] = {}
    for base in owner.__mro__:
        if not get_annotations(base):
            continue
        for field, below in pairwise(_class_bodies(base.__module__)[base.__name__]):
            match field, below:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(text))):
                    found.setdefault(name, " ".join(text.split()))
    return found


@cache
def _class_bodies(module: str) -> Mapping[str, list[ast.stmt]]:
    tree = ast.parse(getsource(sys.modules[module]))
    return {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionField:
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
    def option_names(self) -> tuple[str, ...]:
        """Names of the option on the command line, the usual one first."""
        names = self.marker.names if isinstance(self.marker, Option) else ()
        return names or (f"--{self.name.replace('_', '-')}",)

    @property
    def key(self) -> str:
        """Name of the command's parameter: that of the option."""
        return self.option_names[0].lstrip("-").replace("-", "_")


def option_fields(owner: type, names: Collection[str] = ()) -> Iterator[OptionField]:
    """The fields of a class that are options, or are made of options.

    Args:
        owner: Class of the fields.
        names: Which of its fields; empty for all.
    """
    parameters, kinds = signature(owner).parameters, get_type_hints(owner)
    hints = get_type_hints(owner, include_extras=True)
    for name, text in field_texts(owner).items():
        marker = getattr(hints[name], "__metadata__", (None,))[-1]
        if isinstance(marker, Option | OptionsOf) and (not names or name in names):
            yield OptionField(
                name=name,
                kind=kinds[name],
                default=parameters[name].default,
                marker=marker,
                text=text,
            )


def option_words(owner: type, values: Mapping[str, Any]) -> list[str]:
    """The words of a command that ask for some values.

    Args:
        owner: Class that declares the options.
        values: Values by the name of their field, as texts or numbers. A list repeats its option;
            a mapping has the values of a field that is made of options. What is None or empty is
            not asked for.
    """
    arguments: list[str] = []
    options: list[str] = []
    for field in option_fields(owner):
        value, marker = values.get(field.name), field.marker
        if isinstance(marker, OptionsOf):
            options += option_words(marker.owner, value or {})
        elif marker.is_argument:
            given = [] if value is None else value if isinstance(value, list) else [value]
            arguments += [str(one) for one in given]
        elif isinstance(value, bool):
            name = field.option_names[0]
            words = [name if value else f"--no-{name.lstrip('-')}"]
            options += [] if value is field.default else words
        elif value is not None:
            for one in value if isinstance(value, list) else [value]:
                text = f"{one:g}" if isinstance(one, float) else str(one)
                options += [field.option_names[0], text] if text else []
    return [*arguments, *options]


class RequestFunction(Protocol[Fields, Request_contra, Result_co]):
    """A function that takes a request, or the request's fields as arguments."""

    @overload
    def __call__(self, request: Request_contra, /) -> Result_co: ...
    @overload
    def __call__(self, *args: Fields.args, **kwargs: Fields.kwargs) -> Result_co: ...


def called_with(
    request: Callable[Fields, Request],
) -> Callable[[Callable[[Request], Result_co]], RequestFunction[Fields, Request, Result_co]]:
    """Lets a function be called with the fields of its request, which its help then explains.

    Args:
        request: Class of the request.
    """

    def decorate(
        function: Callable[[Request], Result_co],
    ) -> RequestFunction[Fields, Request, Result_co]:
        owner = cast("type", request)

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Result_co:  # noqa: ANN401 - checked by the request
            is_whole = len(args) == 1 and isinstance(args[0], owner) and not kwargs
            return function(args[0] if is_whole else owner(*args, **kwargs))

        summary, _, rest = cleandoc(function.__doc__ or "").partition("\n\nRaises:")
        fields = [f"    {name}: {text}" for name, text in field_texts(owner).items()]
        call.__doc__ = "\n".join([summary, "", "Args:", *fields]) + (rest and f"\n\nRaises:{rest}")
        call.__signature__ = _plain_signature(owner, function)  # type: ignore[attr-defined]
        return cast("RequestFunction[Fields, Request, Result_co]", call)

    return decorate


def _plain_signature(owner: type, function: Callable[..., Any]) -> Signature:
    """The arguments that make a request, with plain types, and what the function returns."""
    kinds = get_type_hints(owner)
    return Signature(
        [
            field.replace(annotation=kinds[name])
            for name, field in signature(owner).parameters.items()
        ],
        return_annotation=function.__annotations__["return"],
    )
