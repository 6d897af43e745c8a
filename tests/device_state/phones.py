"""A fake phone behind the local transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeslim.device import Location
from edgeslim.process import CompletedProgram
from edgeslim.transports.local import LocalTransport
from tests.devices.phone import FakePhone

__all__ = ["PhoneTransport"]


class PhoneTransport(LocalTransport):
    """Runs programs on a fake phone; may be told what happens before each.

    Args:
        phone: The phone.
        before: Called before each program.
    """

    def __init__(self, phone: FakePhone, *, before: Callable[[], None] = lambda: None) -> None:
        super().__init__(Location())
        self.before = before
        self._phone = phone

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        quiet_s: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> CompletedProgram:
        self.before()
        return super().run(
            [*self._phone.wrapper, *argv],
            timeout_s=timeout_s,
            quiet_s=quiet_s,
            environment={**self._phone.environment, **(environment or {})},
            on_line=on_line,
        )
