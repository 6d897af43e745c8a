"""Shows progress on standard error: a bar in a terminal, or a line now and then in a log."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from edgeslim.progress import Progress, Stage

__all__ = ["terminal_progress"]

_LINE_EVERY_S = 5.0


def terminal_progress() -> Progress:
    """Progress as bars if standard error is a terminal, otherwise as lines."""
    return _Bars() if sys.stderr.isatty() else _Lines()


class _Bars:
    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        with RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
            # Drawing costs time that a measurement on few cores would notice.
            refresh_per_second=2,
        ) as bars:
            yield _BarStage(bars, bars.add_task(title, total=total, note=""))


class _BarStage:
    def __init__(self, bars: RichProgress, task: object) -> None:
        self._bars = bars
        self._task = task

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        self._bars.update(self._task, advance=amount)  # type: ignore[arg-type]  # rich's TaskID
        if note:
            self._bars.update(self._task, note=note)  # type: ignore[arg-type]

    def note(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False)


class _Lines:
    @contextmanager
    def stage(self, title: str, total: float) -> Iterator[Stage]:
        stage = _LineStage(title, total)
        yield stage
        if stage.has_news:
            stage.write()


@dataclass(slots=True)
class _LineStage:
    title: str
    total: float
    done: float = 0.0
    last_note: str = ""
    start: float = field(default_factory=time.monotonic)
    written: float = field(default_factory=time.monotonic)
    has_news: bool = True

    def advance(self, amount: float = 1.0, *, note: str = "") -> None:
        self.done += amount
        self.has_news = True
        self.last_note = note or self.last_note
        if time.monotonic() - self.written >= _LINE_EVERY_S:
            self.write()

    def note(self, text: str) -> None:
        sys.stderr.write(f"{self.title}: {text}\n")

    def write(self) -> None:
        self.written = time.monotonic()
        self.has_news = False
        passed = self.written - self.start
        left = passed / self.done * max(0.0, self.total - self.done) if self.done else 0.0
        note = f", {self.last_note}" if self.last_note else ""
        done = math.floor(self.done + 1e-6)  # of several, only whole ones are counted
        share = f"{done} of {self.total:g}"
        if self.total <= 1:
            share = f"{self.done / (self.total or 1.0):.0%}"
        times = f"{passed:.0f} s, {left:.0f} s left"
        sys.stderr.write(f"{self.title}: {share}, {times}{note}\n")
        sys.stderr.flush()
