"""What a configuration says and nothing asks for: it does nothing, which is said."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.strategies import Role

__all__ = ["unasked"]

_MODELS = ("init_model", "model", "pretrained")


def unasked(found: Configuration) -> tuple[str, ...]:
    """A sentence for each key or entry that is right and has no effect beside the others."""
    return (*_entries(found), *_models(found), *_common(found))


def _entries(found: Configuration) -> Iterator[str]:
    """Entries that no strategy names."""
    used = {
        "pruners": {getattr(each, "pruner", None) for each in found.strategies.values()},
        "controllers": {getattr(each, "controller", None) for each in found.strategies.values()},
        "distillers": {
            name for each in found.strategies.values() for name in getattr(each, "distillers", ())
        },
    }
    for section, names in used.items():
        for name in getattr(found, section):
            if name not in names:
                yield f"{section}.{name} has no effect: no strategy names it"


def _models(found: Configuration) -> Iterator[str]:
    """Networks that are not what is compressed."""
    common = found.compressor
    given = [key for key in _MODELS if getattr(common, key) is not None]
    for name, each in found.strategies.items():
        if each.role is Role.SEARCHES:
            for key in given:
                yield f"compressor.{key} has no effect: strategies.{name} makes the network"
            return
    if given and given[0] == "init_model":
        for key in given[1:]:
            yield f"compressor.{key} has no effect: init_model goes before it"


def _common(found: Configuration) -> Iterator[str]:
    """Keys that some strategies take if they have none of their own."""
    strategies = found.strategies.values()
    takes = {
        "teacher": any(each.role is Role.DISTILS for each in strategies),
        "table": any(hasattr(each, "table") for each in strategies),
        "device": any(hasattr(each, "device") for each in strategies),
    }
    for key, is_taken in takes.items():
        if getattr(found.compressor, key) is not None and not is_taken:
            yield f"compressor.{key} has no effect: no strategy goes by it"
