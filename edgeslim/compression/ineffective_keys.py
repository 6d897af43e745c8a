"""Finds keys of a configuration that have no effect."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.compression.configuration import Configuration
from edgeslim.compression.strategy_settings import Role

__all__ = ["find_ineffective_keys"]

_MODELS = ("init_model", "model", "pretrained")


def find_ineffective_keys(found: Configuration) -> tuple[str, ...]:
    """Notes about keys and entries that are valid, but have no effect beside the others."""
    return (*_unused_entries(found), *_unused_models(found), *_unused_defaults(found))


def _unused_entries(found: Configuration) -> Iterator[str]:
    """Notes about entries that no strategy names."""
    strategies = found.strategies.values()
    used = {
        "pruners": {getattr(strategy, "pruner", None) for strategy in strategies},
        "controllers": {getattr(strategy, "controller", None) for strategy in strategies},
        "distillers": {
            name for strategy in strategies for name in getattr(strategy, "distillers", ())
        },
    }
    for section, names in used.items():
        for name in getattr(found, section):
            if name not in names:
                yield f"{section}.{name} has no effect: no strategy names it"


def _unused_models(found: Configuration) -> Iterator[str]:
    """Notes about models that are not compressed."""
    common = found.compressor
    given = [key for key in _MODELS if getattr(common, key) is not None]
    for name, strategy in found.strategies.items():
        if strategy.role is Role.SEARCHES:
            for key in given:
                yield f"compressor.{key} has no effect: strategies.{name} makes the network"
            return
    if given and given[0] == "init_model":
        for key in given[1:]:
            yield f"compressor.{key} has no effect: init_model is used instead"


def _unused_defaults(found: Configuration) -> Iterator[str]:
    """Notes about defaults that no strategy uses."""
    strategies = found.strategies.values()
    takes = {
        "teacher": any(strategy.role is Role.DISTILS for strategy in strategies),
        "table": any(hasattr(strategy, "table") for strategy in strategies),
        "device": any(hasattr(strategy, "device") for strategy in strategies),
    }
    for key, is_taken in takes.items():
        if getattr(found.compressor, key) is not None and not is_taken:
            yield f"compressor.{key} has no effect: no strategy uses it"
