"""The settings of a search: a value that decides everything it does."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from edgeslim.counts import format_count, parse_count
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.opspec import Shape, encode_hook
from edgeslim.options import OPTION, Option, field_names
from edgeslim.sizes import parse_bytes
from edgeslim.spaces import Space, Tokens
from edgeslim.training.training_options import TRAINING

__all__ = [
    "CANDIDATES",
    "LIMITS",
    "LatencyTarget",
    "SearchOptions",
    "SearchRound",
    "SearchSettings",
    "check_finalists",
    "device_names",
    "rounds",
    "space_fingerprint",
]

LIMITS = Option("Limits")
CANDIDATES = Option("Candidates")

_SIZES = ("max_macs", "max_paddleslim1_flops", "max_parameters", "max_bytes")


class LatencyTarget(msgspec.Struct, frozen=True, kw_only=True):
    """A latency that every network must have on a device.

    Args:
        device: Name of the device.
        target_ms: The latency limit in milliseconds.
        table: Checksum of the latency table that predicts for it.
        measurable: Whether networks can be measured there.
        max_memory_mb: Largest memory of runtime and model there; None is any.
        max_load_ms: Longest time of loading there.
        max_first_ms: Longest first run there.
    """

    device: str
    target_ms: float
    table: str
    measurable: bool = True
    max_memory_mb: float | None = None
    max_load_ms: float | None = None
    max_first_ms: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchOptions:
    """What can be asked of a search, and is kept in its folder as it was asked."""

    task: Annotated[str, OPTION] = "digits"
    """Task that networks are trained for: NAME, NAME:FOLDER with its images, or file.py of your
    own."""
    confidence: Annotated[float, LIMITS] = 0.8
    """How probable it must be by prediction that latencies are met."""
    max_macs: Annotated[int | None, LIMITS(parse=parse_count)] = None
    """Most multiply-accumulate operations: 300M."""
    max_paddleslim1_flops: Annotated[int | None, LIMITS(parse=parse_count)] = None
    """Most work as PaddleSlim 1.x counted it, without depthwise convolutions: 593M."""
    max_parameters: Annotated[int | None, LIMITS(parse=parse_count)] = None
    """Most parameters: 3M."""
    max_bytes: Annotated[int | None, LIMITS("--max-size", parse=parse_bytes)] = None
    """Largest size of the model's file, in bytes: 4M."""
    algorithm: Annotated[str, CANDIDATES] = "surrogate"
    """annealing, evolution, nsga2, random, surrogate or tpe; with numbers as in
    annealing:initial_temperature=100,reduce_rate=0.9."""
    prefilter: Annotated[str, CANDIDATES] = ""
    """Evaluate the best of several proposals by a proxy: macs:8."""
    parallel: Annotated[int, CANDIDATES] = 4
    """How many may be evaluated at once, each chosen without the results of the others."""
    accuracy: Annotated[str, TRAINING] = "training"
    """training: of each candidate, briefly; supernet: of all networks, once."""
    epochs: Annotated[int, TRAINING] = 2
    """Epochs that candidates are trained."""
    finalists: Annotated[int, TRAINING] = 1
    """Train so many of the best by themselves in the end; the most accurate wins."""
    final_epochs: Annotated[int | None, TRAINING] = None
    """Epochs that finalists and the winner are trained, if not as many as candidates."""
    seed: Annotated[int, OPTION] = 0
    """Seed of everything random."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSettings(SearchOptions):
    """Everything that decides what a search does."""

    space: str
    """Name of the space, or the file that it is in."""
    space_fingerprint: str
    """Fingerprint of the space's networks, made by `space_fingerprint`."""
    input_shape: Shape
    """Input shape of its networks."""
    num_classes: int
    """Width of their output."""
    targets: tuple[LatencyTarget, ...]
    """The latency limits; none where only sizes are limited."""
    starts: tuple[Tokens, ...]
    """Networks that are evaluated before any other."""
    candidates: int
    """How many networks are evaluated before devices are asked."""
    most_candidates: int
    """How many at most, if none of the best meets its limits when measured."""

    def check(self) -> None:
        """Checks that all numbers are possible.

        Raises:
            UsageError: One is not; the message names it.
        """
        for name in ("candidates", "parallel", "epochs", "finalists"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.most_candidates < self.candidates:
            raise UsageError(
                f"most_candidates must be at least the {self.candidates} candidates, "
                f"not {self.most_candidates}"
            )
        if not 0.5 <= self.confidence < 1:
            raise UsageError(
                f"confidence must be between 0.5 and 1 (and not 1), not {self.confidence}"
            )
        for name in ("final_epochs", *_SIZES):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise UsageError(f"{name} must be at least 1, not {limit}")
        if self.accuracy == "training":
            check_finalists(self.finalists, self.final_epochs, epochs=self.epochs)
        for target in self.targets:
            if not 0 < target.target_ms < math.inf:
                raise UsageError(f"a latency limit must be above 0, not {target.target_ms}")
        if not 0 <= self.seed < 2**31:
            raise UsageError(f"seed must be 0 or more and have at most 31 bits, not {self.seed}")

    @property
    def longest(self) -> int:
        """Epochs that finalists and the winner are trained."""
        return self.final_epochs or self.epochs

    @property
    def size_limits(self) -> dict[str, int]:
        """The limits of sizes, by the names that people write."""
        known = {
            "MACs": self.max_macs,
            "PaddleSlim 1.x FLOPs": self.max_paddleslim1_flops,
            "parameters": self.max_parameters,
            "bytes": self.max_bytes,
        }
        return {what: most for what, most in known.items() if most is not None}

    @property
    def devices(self) -> tuple[str, ...]:
        """Names of the targets' devices, each of which is unique."""
        return device_names(self.targets)

    def difference(self, other: SearchSettings) -> str:
        """Says which setting differs first, and how; empty if they are the same."""
        for name in field_names(SearchSettings):
            mine, theirs = getattr(self, name), getattr(other, name)
            if mine != theirs:
                return f"{name.replace('_', ' ')} {_format(mine)}, not {_format(theirs)}"
        return ""


def check_finalists(finalists: int, final_epochs: int | None, *, epochs: int) -> None:
    """Checks that finalists are trained longer than candidates, so that finals say something new.

    Raises:
        UsageError: They are not.
    """
    longest = final_epochs or epochs
    if finalists > 1 and longest <= epochs:
        raise UsageError(
            f"finalists are trained longer than the {format_count(epochs, 'epoch')} of all "
            f"candidates, or nothing new is learnt of them; give more final_epochs, not {longest}"
        )


def device_names(targets: Sequence[LatencyTarget]) -> tuple[str, ...]:
    """Names of the targets' devices; several of one name have their table added."""
    names = [target.device for target in targets]
    return tuple(
        target.device if names.count(target.device) == 1 else f"{target.device} ({target.table})"
        for target in targets
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRound:
    """Candidates that are evaluated before devices measure the best of them.

    Args:
        number: Number of the round, from 0.
        first: Number of its first candidate.
        end: Number of the candidate after its last.
    """

    number: int
    first: int
    end: int


def rounds(settings: SearchSettings) -> Iterator[SearchRound]:
    """The rounds of a search: all candidates, then a quarter as many in each further round."""
    yield SearchRound(number=0, first=0, end=settings.candidates)
    size = max(settings.parallel, math.ceil(settings.candidates / 4))
    starts = range(settings.candidates, settings.most_candidates, size)
    for number, first in enumerate(starts, start=1):
        yield SearchRound(
            number=number, first=first, end=min(first + size, settings.most_candidates)
        )


def space_fingerprint(space: Space, target: Target) -> str:
    """Checksum of a space's token ranges and of the operators of some of its networks.

    Machines with the same fingerprint build the same network of the same tokens.
    """
    encoder = msgspec.json.Encoder(enc_hook=encode_hook)
    ends = [tuple(0 for _ in space.ranges), tuple(size - 1 for size in space.ranges)]
    digest = hashlib.sha256(encoder.encode([space.ranges, space.input_shape, space.num_classes]))
    for tokens in (space.initial_tokens, *ends):
        operators = sorted(map(encoder.encode, space.operators(tokens, target)))
        digest.update(b"\n".join(operators))
    return digest.hexdigest()[:16]


def _format(value: object) -> str:
    if isinstance(value, tuple) and all(isinstance(target, LatencyTarget) for target in value):
        return " and ".join(
            f"{target.target_ms:g} ms on {target.device} (table {target.table})" for target in value
        )
    return str(value)
