"""Names of all kinds mean nothing but themselves, whatever the transport."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeslim.device import Location
from edgeslim.errors import DeviceNotFoundError, EdgeslimError
from edgeslim.transports import TRANSPORTS, Transport

pytestmark = pytest.mark.slow

texts = st.text(
    st.one_of(
        st.sampled_from(list(" '\"$()`\\;&|<>*?[]{}~#!%\n\t-=")),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
    ),
    max_size=12,
)
names = texts.filter(lambda text: text not in {"", ".", ".."} and "/" not in text).filter(
    lambda text: len(text.encode()) < 100
)
few = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(params=["adb", "ssh"])
def transport(
    request: pytest.FixtureRequest, adb_device: Location, ssh_device: Location
) -> Iterator[Transport]:
    made = TRANSPORTS.get(request.param)(adb_device if request.param == "adb" else ssh_device)
    made.connect()
    yield made
    made.close()


@few
@given(arguments=st.lists(texts, min_size=1, max_size=4))
def test_arguments_arrive_as_they_are(transport: Transport, arguments: list[str]) -> None:
    completed = transport.run(["printf", "%s\\0", *arguments], timeout_s=30)
    assert completed.output.decode() == "".join(f"{argument}\0" for argument in arguments)


@few
@given(name=names, value=texts)
def test_variables_and_programs_arrive_as_they_are(
    transport: Transport, name: str, value: str
) -> None:
    completed = transport.run(
        ["sh", "-c", 'printf "%s" "$VALUE"'], timeout_s=30, environment={"VALUE": value}
    )
    assert completed.output.decode() == value


@few
@given(name=names)
def test_files_have_the_name_they_were_given(
    transport: Transport, tmp_path: Path, name: str
) -> None:
    source = tmp_path / "source"
    source.write_text(name)
    with transport.folder() as folder:
        transport.push(source, folder / name)
        listed = transport.run(["ls", "-A", str(folder)], timeout_s=30).output
        assert listed.decode().rstrip("\n") == name.rstrip("\n") or b"\n" in name.encode()
        transport.pull(folder / name, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_text() == source.read_text()


@few
@given(serial=texts)
def test_a_serial_is_looked_up_and_never_run(adb_device: Location, serial: str) -> None:
    transport = TRANSPORTS.get("adb")(Location(serial=serial, folder=adb_device.folder))
    if serial:
        with pytest.raises(DeviceNotFoundError, match="is attached"):
            transport.connect()


@few
@given(host=names, user=names)
def test_a_host_is_looked_up_and_never_run(ssh_device: Location, host: str, user: str) -> None:
    transport = TRANSPORTS.get("ssh")(Location(host=f"{host}.invalid", user=user))
    with pytest.raises(EdgeslimError):
        transport.connect()
