"""The whole of ``edgeslim devices``: devices with a profile or attached, and their state."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from edgeslim.device import DeviceChoice, DeviceProfile, device_names, load_device
from edgeslim.device_state.facts import DeviceFacts, device_facts
from edgeslim.errors import EdgeslimError
from edgeslim.measuring.device_session import choose_runner, limit_threads
from edgeslim.measuring.start_faults import glibc_fault
from edgeslim.runner.runners import NativeRunner
from edgeslim.transports import TRANSPORTS
from edgeslim.transports.adb import attached_phones

__all__ = ["KnownDevice", "devices"]

_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDevice:
    """A device that a profile or the adb server knows.

    Args:
        profile: Its profile, with its serial number if it was found attached.
        facts: Facts that it reports of itself, if it was reached.
        trouble: Why it cannot be measured, and what to do; empty if it is ready.
    """

    profile: DeviceProfile
    facts: DeviceFacts | None = None
    trouble: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be measured, as far as is known without running a model."""
        return not self.trouble


def devices() -> list[KnownDevice]:
    """All devices with a profile and all that are attached over adb, inspected in parallel.

    Raises:
        BadFileError: A profile cannot be read; the message has the place.
    """
    profiles = [load_device(name) for name in device_names()]
    serials = _attached_serials()
    found = [unit for profile in profiles for unit in _units(profile, serials)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_inspect, found))


def _units(profile: DeviceProfile, serials: Sequence[str]) -> list[DeviceProfile]:
    """A profile once for each attached device, if it is for any device of its kind."""
    if profile.transport != "adb" or profile.location.serial or not serials:
        return [profile]
    return [DeviceChoice(name=profile.name, serial=serial).profile() for serial in serials]


def _attached_serials() -> list[str]:
    try:
        return [phone.serial for phone in attached_phones()]
    except EdgeslimError:
        return []  # the profile's own line says why


def _inspect(profile: DeviceProfile) -> KnownDevice:
    facts = None
    try:
        with closing(TRANSPORTS.get(profile.transport)(profile.location)) as transport:
            transport.connect()
            facts = device_facts(transport)
            runner = choose_runner(limit_threads(profile, facts)[0], transport, facts)
        built = runner.built if isinstance(runner, NativeRunner) else None
        fault = None if built is None else glibc_fault(built, facts.glibc)
        if fault is not None:
            return KnownDevice(profile=profile, facts=facts, trouble=f"{fault.found}; {fault.mend}")
    except EdgeslimError as error:
        return KnownDevice(profile=profile, facts=facts, trouble=str(error))
    return KnownDevice(profile=profile, facts=facts)
