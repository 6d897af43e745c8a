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
from collections.abc import Callable, Mapping
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
    "OptionsOf",
    "RequestFunction",
    "called_with",
    "field_names",
    "field_texts",
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
    """

    panel: str = ""
    names: tuple[str, ...] = ()
    parse: Callable[[Any], Any] | None = None
    is_repeated: bool = False
    is_argument: bool = False

    def __call__(
        self,
        *names: str,
        parse: Callable[[str], Any] | None = None,
        parse_all: Callable[[list[str]], Any] | None = None,
    ) -> Option:
        """The option with names of its own, or with a parser: of its text, or of all its texts."""
        return replace(
            self, names=names, parse=parse or parse_all, is_repeated=parse_all is not None
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
