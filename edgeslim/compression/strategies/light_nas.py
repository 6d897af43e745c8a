"""Searches a network within limits before the first epoch, and trains its winner.

The search is a whole `edgeslim search`: a killed one continues where it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from edgeslim.algorithms import find_algorithm
from edgeslim.compression.strategies._strategy import Idle, StrategyEntry
from edgeslim.compression.strategy_settings import Role, Span, StrategySettings
from edgeslim.durations import parse_ms
from edgeslim.errors import UsageError
from edgeslim.runs.search_settings import check_finalists
from edgeslim.searching.request import DEFAULT_CANDIDATES
from edgeslim.searching.search import search

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState

__all__ = ["STRATEGY"]

_NO_SERVER = "a search here has no server; other machines help with edgeslim search --join"


class LightNasSettings(StrategySettings, frozen=True, kw_only=True):
    """Keys of `LightNASStrategy`.

    Args:
        controller: Name of the entry with the annealing's settings, if ``algorithm`` is not given.
        target_latency: Limit such as ``20ms``, or as in old files a number of milliseconds; 0 is
            no limit, for which no table is needed.
        target_flops: Largest work, as PaddleSlim 1.x counted it: 592948064 is MobileNetV2.
        retrain_epoch: Number of epochs that each candidate is trained.
        search_steps: Number of candidates that are evaluated.
        space: Name of the space, or a user's file.
        table: Latency table, if not the compressor's.
        algorithm: Search algorithm; by default annealing.
        finalists: Number of best candidates that are trained alone; the most accurate wins.
        final_epochs: Number of epochs that finalists are trained.
    """

    role: ClassVar[Role] = Role.SEARCHES
    no_effect: ClassVar[dict[str, str]] = {
        "end_epoch": "the search is over before the first epoch",
        "server_ip": _NO_SERVER,
        "server_port": _NO_SERVER,
        "is_server": _NO_SERVER,
        "max_client_num": _NO_SERVER,
        "key": _NO_SERVER,
    }

    controller: str | None = None
    target_latency: str | float | int = 0
    target_flops: Annotated[float, Meta(ge=0)] = 0
    retrain_epoch: Annotated[int, Meta(ge=1)] = 1
    metric_name: str | None = None
    search_steps: Annotated[int, Meta(ge=1)] | None = None
    server_ip: Any = None
    server_port: Any = None
    is_server: Any = None
    max_client_num: Any = None
    key: Any = None
    space: str = "light-nas"
    table: str | None = None
    algorithm: str | None = None
    finalists: Annotated[int, Meta(ge=1)] = 1
    final_epochs: Annotated[int, Meta(ge=1)] | None = None

    def span(self, epochs: int) -> Span:  # noqa: ARG002 - it takes the first
        return Span(first=self.start_epoch, last=self.start_epoch, role=self.role)


class _LightNas(Idle):
    def __init__(self, name: str, settings: LightNasSettings, configuration: Configuration) -> None:
        self._name = name
        self._place = f"{configuration.file}: strategies.{name}"
        self._settings = settings
        self._common = configuration.compressor
        self._table = settings.table or configuration.compressor.table
        self._controllers = configuration.controllers

    def check(self, state: CompressionState) -> None:
        own = self._settings
        if own.start_epoch:
            raise UsageError(
                f"{self._place}.start_epoch is {own.start_epoch}, but a search comes first; write 0"
            )
        state.check_metric(self._place, own.metric_name)
        if state.named_metric(own.metric_name) != state.metric_name:
            raise UsageError(
                f"{self._place}.metric_name is {own.metric_name}, but a search uses the task's "
                f"own metric, {state.metric_name}"
            )
        if self._target_ms() is not None and self._table is None:
            raise UsageError(
                f"{self._place}.table is missing: a latency is predicted by the table of a device"
            )
        if self._target_ms() is None and not own.target_flops:
            raise UsageError(
                f"{self._place} has neither target_latency nor target_flops: give a limit, such "
                "as target_latency: 20ms"
            )
        try:
            check_finalists(own.finalists, own.final_epochs, epochs=own.retrain_epoch)
        except UsageError as error:
            raise UsageError(f"{self._place}.finalists: {error}") from error
        try:
            find_algorithm(self._algorithm())
        except UsageError as error:
            raise UsageError(f"{self._place}.algorithm: {error}") from error

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:  # noqa: ARG002 - it has one
        own = self._settings
        target_ms = self._target_ms()
        limited = target_ms is not None
        found = search(
            () if target_ms is None else target_ms,
            space=own.space,
            table=Path(self._table) if limited and self._table is not None else (),
            out=state.strategy_folder(self._name) / "search",
            task=state.task_name,
            algorithm=self._algorithm(),
            input_shape=self._common.input_shape,
            max_paddleslim1_flops=int(own.target_flops) or None,
            candidates=own.search_steps or DEFAULT_CANDIDATES,
            parallel=1,
            epochs=own.retrain_epoch,
            finalists=own.finalists,
            final_epochs=own.final_epochs,
            seed=state.seed,
            progress=state.progress,
        )
        tokens = ",".join(map(str, found.best.tokens))
        state.add_event(f"strategies.{self._name}: continues with tokens {tokens}")
        state.use_program(Path(found.model) / "model")

    def _algorithm(self) -> str:
        """The search's algorithm: a name, and for annealing the controller's numbers."""
        own = self._settings
        if own.algorithm is not None or own.controller is None:
            return own.algorithm or "annealing"
        annealing = self._controllers[own.controller]
        return (
            f"annealing:initial_temperature={annealing.init_temperature:g},"
            f"reduce_rate={annealing.reduce_rate:g}"
        )

    def _target_ms(self) -> float | None:
        """The limit on the latency in ms; None if there is none."""
        given = self._settings.target_latency
        if isinstance(given, str):
            try:
                return parse_ms(given)
            except UsageError as error:
                raise UsageError(f"{self._place}.target_latency: {error}") from error
        if given < 0:
            raise UsageError(
                f"{self._place}.target_latency is {given:g}: give a limit such as 20ms, or 0 for "
                "none"
            )
        return float(given) or None


STRATEGY = StrategyEntry(class_name="LightNASStrategy", settings=LightNasSettings, make=_LightNas)
