"""A device's settings before they are changed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["OldSettings", "Policy", "parse_settings"]

_SPREAD = 0.02
"""Relative error of a reported frequency, which some processors measure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Cores that change their frequency together; frequencies are in kHz.

    Args:
        folder: Folder of its files in ``/sys``.
        governor: Name of the governor that chooses the frequency.
        governors: Names of the governors that are available.
        limits: Lowest and highest frequency that the governor may choose.
        current: Current frequency, if it is known.
        full: Lowest and highest frequency that the cores have.
        steps: Frequencies that the cores have, if they are listed.
        writable: Whether we may set the limits.
    """

    folder: str
    governor: str
    governors: tuple[str, ...]
    limits: tuple[int, int]
    current: int | None
    full: tuple[int, int]
    steps: tuple[int, ...]
    writable: bool

    @property
    def name(self) -> str:
        """``policy4``, or the core's name where there are no policies."""
        return self.folder.removesuffix("/cpufreq").rpartition("/")[2]

    @property
    def text(self) -> str:
        """Its frequencies, for people."""
        low, high = (kilohertz / 1e6 for kilohertz in self.limits)
        now = f"at {self.current / 1e6:.2f} GHz, " if self.current else ""
        return f"{now}limited to {low:.2f} to {high:.2f} GHz"

    def nearest(self, share: float) -> int:
        """The highest frequency in kHz that is at most a share of the full one."""
        lowest, highest = self.full
        wanted = highest * share
        if self.steps:
            return max((step for step in self.steps if step <= wanted + 1), default=min(self.steps))
        return max(lowest, round(wanted))

    def is_at(self, frequency: int) -> bool:
        """Whether it is locked at a frequency, and runs at it."""
        if self.limits != (frequency, frequency):
            return False
        # Without named steps the processor chooses by itself within the limits.
        if self.current is None or not self.steps:
            return True
        return abs(self.current - frequency) <= _SPREAD * frequency


@dataclass(frozen=True, kw_only=True, slots=True)
class OldSettings:
    """Settings as a device reports them.

    Args:
        is_android: Whether it is an Android device.
        is_root: Whether we are root on it.
        boot: Id of the current boot, which changes with every start of the device.
        stay_on: Android's number for the power sources that keep its screen on; empty if it was
            never set; None if the device does not report it.
        policies: Groups of cores whose frequencies can be set.
    """

    is_android: bool
    is_root: bool
    boot: str
    stay_on: str | None
    policies: tuple[Policy, ...]


def parse_settings(lines: Iterable[str]) -> OldSettings:
    """Settings from lines of ``name:value`` and ``path:content``."""
    said = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    folders = dict.fromkeys(
        match[1]
        for match in (re.fullmatch(r"(/sys/[\w/]+)/scaling_governor", name) for name in said)
        if match
    )
    # Each core has the files of its policy too, so those of policies are enough.
    shared = [folder for folder in folders if "/policy" in folder]
    found = (_policy(said, folder) for folder in shared or folders)
    boot = said.get("boot", "")
    return OldSettings(
        is_android=said.get("android") == "yes",
        is_root=said.get("user") == "0",
        boot=boot if re.fullmatch(r"[\w-]+", boot) else "",
        stay_on=_stay_on(said.get("stay_on")),
        policies=tuple(policy for policy in found if policy is not None),
    )


def _stay_on(text: str | None) -> str | None:
    if text == "null":
        return ""
    return text if text is not None and re.fullmatch(r"\d{1,4}", text) else None


def _policy(said: dict[str, str], folder: str) -> Policy | None:
    """A policy, if the device reports everything that is needed to restore it."""

    def number(name: str) -> int | None:
        text = said.get(f"{folder}/{name}", "")
        return int(text) if re.fullmatch(r"\d{1,9}", text) else None

    def names(name: str) -> tuple[str, ...]:
        return tuple(said.get(f"{folder}/{name}", "").split())

    low, high = number("scaling_min_freq"), number("scaling_max_freq")
    lowest, highest = number("cpuinfo_min_freq"), number("cpuinfo_max_freq")
    governor = said.get(f"{folder}/scaling_governor", "")
    if not low or not high or not highest or not re.fullmatch(r"[\w-]+", governor):
        return None
    return Policy(
        folder=folder,
        governor=governor,
        governors=names("scaling_available_governors"),
        limits=(low, high),
        current=number("scaling_cur_freq"),
        full=(lowest or low, highest),
        steps=tuple(int(s) for s in names("scaling_available_frequencies") if s.isdecimal()),
        writable=said.get(f"{folder}/writable") == "yes",
    )
