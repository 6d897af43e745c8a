"""Converts raw sections to typed values; errors name the place of what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from edgeslim.compression.configuration import Compressor, Configuration
from edgeslim.compression.configuration_file import RawConfiguration, read_raw
from edgeslim.compression.configuration_values import (
    DISTILLERS,
    SAController,
    StructurePruner,
)
from edgeslim.compression.ineffective_keys import find_ineffective_keys
from edgeslim.compression.strategies import STRATEGIES
from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError, UsageError

__all__ = ["read_configuration"]

Value = TypeVar("Value", bound=msgspec.Struct)

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_ENUM = re.compile(r"Invalid enum value (?P<value>.+)")


def read_configuration(
    file: Path, overrides: Sequence[str] = (), options: Mapping[str, object] | None = None
) -> Configuration:
    """Reads a configuration and checks every key and reference.

    Args:
        file: The YAML file to read.
        overrides: Overrides of the form ``KEY=VALUE``.
        options: Keys of the compressor from the command line; None is not given.

    Raises:
        BadFileError: The file cannot be read, or has an unknown key or class or a wrong value;
            names the place and the nearest name.
        UsageError: An override has a wrong key or value.
    """
    raw = read_raw(file, overrides)
    compressor = raw.sections.setdefault("compressor", {})
    for name, value in (options or {}).items():
        if value is not None:
            compressor[name] = value
            raw.overridden[f"compressor.{name}"] = f"compressor.{name}={value}"
    return _Checker(file, raw).configuration()


class _Checker:
    """Converts the sections of one file, and collects notes."""

    def __init__(self, file: Path, raw: RawConfiguration) -> None:
        self._file = file
        self._raw = raw
        self._notes: list[str] = []

    def configuration(self) -> Configuration:
        if not self._raw.sections["compressor"]:
            raise self._error("compressor", "is missing: it has the number of epochs")
        compressor = self._compressor()
        classes = {entry.class_name: entry.settings for entry in STRATEGIES.members().values()}
        strategies = self._entries("strategies", classes)
        for name in compressor.strategies:
            if name not in strategies:
                problem = UnknownNameError("strategy", name, strategies)
                raise self._error("compressor.strategies", str(problem))
        if len(set(compressor.strategies)) < len(compressor.strategies):
            raise self._error("compressor.strategies", "names a strategy twice")
        unused = [name for name in strategies if name not in compressor.strategies]
        self._notes += [f"strategies.{name} is not in compressor.strategies" for name in unused]
        self._entries("quantizers", {})
        found = Configuration(
            file=str(self._file),
            compressor=compressor,
            strategies={name: strategies[name] for name in compressor.strategies},
            pruners=self._entries("pruners", {"StructurePruner": StructurePruner}),
            controllers=self._entries("controllers", {"SAController": SAController}),
            distillers=self._entries("distillers", DISTILLERS),
            notes=tuple(self._notes),
        )
        self._check_references(found)
        return replace(found, notes=(*found.notes, *find_ineffective_keys(found)))

    def _compressor(self) -> Compressor:
        """The timeline, with a checked learning rate."""
        found = self._convert("compressor", self._raw.sections["compressor"], Compressor)
        try:
            found.schedule()
        except UsageError as error:
            place, _, what = str(error).partition(": ")
            raise self._error(f"compressor.{place}", what) from error
        for name in found.unused_rates:
            self._notes.append(
                f"compressor.{name} has no effect: another key sets the rate, {found.highest:g}"
            )
        return found

    def _entries(self, section: str, classes: Mapping[str, type[Any]]) -> dict[str, Any]:
        found = {}
        for name, entry in self._raw.sections[section].items():
            place = f"{section}.{name}"
            if not isinstance(entry, dict):
                raise self._error(place, "must have keys, and class among them")
            kind = entry.get("class")
            if kind is None:
                raise self._error(place, f"has no class; known: {', '.join(sorted(classes))}")
            if kind not in classes:
                problem = UnknownNameError("class", str(kind), classes)
                raise self._error(f"{place}.class", str(problem))
            rest = {key: value for key, value in entry.items() if key != "class"}
            found[name] = self._convert(place, rest, classes[kind])
        return found

    def _convert(self, place: str, values: Mapping[str, Any], kind: type[Value]) -> Value:
        known = kind.__struct_encode_fields__
        for key in values:
            if key not in known:
                problem = UnknownNameError("key", str(key), [*known, *_class_key(place)])
                raise self._error(f"{place}.{key}", str(problem))
        no_effect: Mapping[str, str] = getattr(kind, "no_effect", {})
        self._notes += [
            f"{place}.{key} has no effect: {no_effect[key]}"
            for key, value in values.items()
            if key in no_effect and value not in (None, "")
        ]
        try:
            return msgspec.convert(values, kind)
        except (msgspec.ValidationError, RecursionError) as error:
            raise self._wrong(place, kind, str(error)) from error

    def _wrong(self, place: str, kind: type[msgspec.Struct], text: str) -> EdgeslimError:
        """The error that msgspec found, with its place in this file."""
        match = _AT.match(text)
        what, path = (match["what"], match["path"] or "") if match else (text, "")
        path = re.sub(r"\[(\d+)\]", r".\1", path).replace("[...]", ".*")
        enum = _ENUM.match(what)
        if enum is not None:
            choices = _choices(kind, path)
            value = enum["value"].strip("'`")
            if choices:
                what = str(UnknownNameError("value", value, map(str, choices)))
        return self._error(f"{place}{path}", what[0].lower() + what[1:])

    def _check_references(self, found: Configuration) -> None:
        for name, settings in found.strategies.items():
            references: dict[str, tuple[Iterable[str], Mapping[str, Any]]] = {
                "pruner": ((getattr(settings, "pruner", None) or "",), found.pruners),
                "controller": ((getattr(settings, "controller", None) or "",), found.controllers),
                "distillers": (getattr(settings, "distillers", ()), found.distillers),
            }
            for key, (names, known) in references.items():
                for reference in names:
                    if reference and reference not in known:
                        problem = UnknownNameError(key.removesuffix("s"), reference, known)
                        raise self._error(f"strategies.{name}.{key}", str(problem))

    def _error(self, place: str, what: str) -> EdgeslimError:
        for where, text in self._raw.overridden.items():
            if place == where or place.startswith(f"{where}."):
                return UsageError(f"-o {text}: {place}: {what}")
        section, _, rest = place.partition(".")
        origin = self._raw.origins.get((section, rest.partition(".")[0]), str(self._file))
        return BadFileError(f"{origin}: {place}: {what}")


def _class_key(place: str) -> tuple[str, ...]:
    return () if place == "compressor" else ("class",)


def _choices(kind: type[msgspec.Struct], path: str) -> tuple[Any, ...]:
    """The values of a field, if it takes literal values only."""
    key = path.lstrip(".").partition(".")[0]
    return tuple(_literals(get_type_hints(kind).get(key)))


def _literals(hint: object) -> Iterable[Any]:
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    else:
        for part in get_args(hint):
            yield from _literals(part)
