"""Reads configuration files: safe YAML, included files, and overrides of the user."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.files import read_bytes

__all__ = ["ENTRIES", "SECTIONS", "RawConfiguration", "read_raw"]

ENTRIES = ("pruners", "controllers", "distillers", "quantizers", "strategies")
"""Sections that have entries by name, each with a class."""

SECTIONS = ("version", *ENTRIES, "include", "compressor")

Raw = dict[str, Any]


@dataclass(kw_only=True)
class RawConfiguration:
    """All sections as they are written in the files.

    Args:
        sections: Sections by name, which have entries by name.
        origins: File of each entry and of the compressor, by ``(section, name)``.
        overridden: Text of each override by the place that it sets.
    """

    sections: dict[str, Raw] = field(default_factory=lambda: {name: {} for name in ENTRIES})
    origins: dict[tuple[str, str], str] = field(default_factory=dict)
    overridden: dict[str, str] = field(default_factory=dict)


def read_raw(file: Path, overrides: Sequence[str] = ()) -> RawConfiguration:
    """Reads a file and the files that it includes; its own entries win over included ones.

    Args:
        file: The YAML file to read.
        overrides: Overrides such as ``strategies.q.weight_bits=4``.

    Raises:
        BadFileError: Not readable, no YAML, an unknown section, files that include each other.
        UsageError: An override names no place.
    """
    raw = RawConfiguration()
    _merge(raw, file, ())
    for override in overrides:
        _override(raw, override)
    return raw


def _merge(raw: RawConfiguration, file: Path, above: tuple[Path, ...]) -> None:
    """Adds a file's entries where there are none of the same names yet, and then its includes."""
    own = file.resolve()
    if own in above:
        chain = " -> ".join(str(path.name) for path in (*above[above.index(own) :], own))
        raise BadFileError(f"{file}: include: files include each other: {chain}")
    document = _document(file)
    for name in document:
        if name not in SECTIONS:
            raise BadFileError(f"{file}: {UnknownNameError('section', str(name), SECTIONS)}")
    _check_version(file, document.get("version"))
    for section in (*ENTRIES, "compressor"):
        values = document.get(section)
        if values is None:
            continue
        if not isinstance(values, dict):
            raise BadFileError(f"{file}: {section} must have keys, and is {_kind(values)}")
        there = raw.sections.setdefault(section, {})
        for name, value in values.items():
            if not isinstance(name, str):
                raise BadFileError(f"{file}: {section}.{name}: a name is text, not {_kind(name)}")
            if name not in there:
                there[name] = value
                raw.origins[section, name] = str(file)
    included = document.get("include") or []
    if not isinstance(included, list) or not all(isinstance(name, str) for name in included):
        raise BadFileError(f"{file}: include must be a list of files")
    for name in included:
        _merge(raw, file.parent / name, (*above, own))


def _check_version(file: Path, version: object) -> None:
    if version is not None and (isinstance(version, bool) or version != 1):
        raise BadFileError(f"{file}: version must be 1.0, and is {version!r}")


def _document(file: Path) -> Raw:
    content = read_bytes(file)
    try:
        # This loader is PyYAML's safe one, which makes only texts, numbers, lists and mappings.
        document = yaml.load(content, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise BadFileError(f"{file} is no YAML: {_problem_text(error)}") from error
    except (RecursionError, ValueError) as error:
        raise BadFileError(f"{file} is no configuration: {error}") from error
    if not isinstance(document, dict):
        raise BadFileError(f"{file} must have sections, and is {_kind(document)}")
    return document


def _problem_text(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = "" if mark is None else f"line {mark.line + 1}: "
    return where + str(getattr(error, "problem", None) or error)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses duplicate keys and reads ``1e-3`` as a number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} is there twice; remove one", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+"),
    list("-+0123456789."),
)


def _construct_tagged(loader: _Loader, node: yaml.Node) -> Raw:
    """Reads tags of PaddleDetection's files as entries with a class; nothing is constructed."""
    if not isinstance(node, yaml.MappingNode):
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.tag} must have keys", node.start_mark
        )
    keys = loader.construct_mapping(node, deep=True)
    return {"class": node.tag.removeprefix("!"), **{str(key): keys[key] for key in keys}}


for _tag in ("PiecewiseDecay", "CosineDecay", "LinearWarmup"):
    _Loader.add_constructor(f"!{_tag}", _construct_tagged)


def _override(raw: RawConfiguration, text: str) -> None:
    """Sets one place of a configuration to a value.

    Raises:
        UsageError: The text is not ``KEY=VALUE``, or there is no such place.
    """
    place, equals, written = text.partition("=")
    path = place.strip().split(".")
    if not equals or len(path) < 2 or not all(path):
        raise UsageError(f"-o {text!r} is no override; write it like strategies.q.weight_bits=4")
    if path[0] not in (*ENTRIES, "compressor"):
        raise UnknownNameError(f"section in -o {text}:", path[0], (*ENTRIES, "compressor"))
    try:
        value = yaml.load(written, Loader=_Loader)  # noqa: S506 - the safe one, see above
    except yaml.YAMLError as error:
        raise UsageError(f"-o {text!r}: the value is no YAML: {_problem_text(error)}") from error
    holder: Any = raw.sections.setdefault(path[0], {})
    if path[0] != "compressor" and path[1] not in holder and len(path) > 2:
        raise UnknownNameError(f"entry of {path[0]} in -o {text}:", path[1], holder)
    for number, key in enumerate(path[1:-1], start=2):
        holder = _inside(holder, key, ".".join(path[:number]), text)
    last = path[-1]
    if isinstance(holder, list):
        holder[_index(holder, last, text)] = value
    else:
        holder[last] = value
    raw.overridden[".".join(path)] = text


def _inside(holder: Any, key: str, place: str, text: str) -> Any:  # noqa: ANN401 - raw YAML
    if isinstance(holder, list):
        found = holder[_index(holder, key, text)]
    else:
        found = holder.setdefault(key, {})
        if found is None:
            found = holder[key] = {}
    if not isinstance(found, dict | list):
        raise UsageError(f"-o {text}: {place}.{key} is {_kind(found)} and has no keys".strip("."))
    return found


def _index(holder: list[Any], key: str, text: str) -> int:
    if not key.isdecimal() or int(key) >= len(holder):
        raise UsageError(f"-o {text}: {key!r} is no index of a list of {len(holder)}")
    return int(key)


def _kind(value: object) -> str:
    kinds = {dict: "a mapping", list: "a list", str: "a text", bool: "yes or no"}
    if value is None:
        return "empty"
    return kinds.get(type(value), f"a {type(value).__name__}")
