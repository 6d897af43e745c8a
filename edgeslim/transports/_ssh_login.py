"""Login to an ssh server: the user's configuration, host keys, and private keys."""

from __future__ import annotations

import getpass
import logging
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeslim.device import Location
from edgeslim.errors import DeviceNotFoundError, DeviceRefusedError

if TYPE_CHECKING:
    from paramiko import SSHClient

__all__ = ["Login", "connect_client", "login"]

_CONNECT_S = 10.0
_PASSWORD = "EDGESLIM_SSH_PASSWORD"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Address and credentials of a server, from the profile and the user's ssh configuration.

    Args:
        host, port, user: Address of the server, and the user's name on it.
        keys: Files of private keys; empty for the agent and the usual files.
        proxy: Command that makes the connection; empty for a direct one.
        known_hosts: Files of trusted host keys.
    """

    host: str
    port: int
    user: str
    keys: tuple[str, ...]
    proxy: str
    known_hosts: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}"

    @property
    def known_as(self) -> str:
        """Name of the server in files of host keys."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


def login(location: Location) -> Login:
    """The login for a location by the user's ssh configuration.

    Raises:
        DeviceNotFoundError: The location has no host, or the configuration cannot be read.
    """
    from paramiko import SSHConfig
    from paramiko.ssh_exception import ConfigParseError

    if not location.host:
        raise DeviceNotFoundError("no host is named; say --host NAME, or name it in the profile")
    home = Path.home() / ".ssh"
    found: Any = {}
    if (home / "config").is_file():
        try:
            found = SSHConfig.from_path(str(home / "config")).lookup(location.host)
        except (ConfigParseError, OSError) as error:
            raise DeviceNotFoundError(f"{home / 'config'} cannot be read: {error}") from error
    keys = [location.key] if location.key else found.get("identityfile", [])
    files = shlex.split(found.get("userknownhostsfile", "")) or [str(home / "known_hosts")]
    return Login(
        host=found.get("hostname", location.host),
        port=location.port or int(found.get("port", 22)),
        user=location.user or found.get("user", "") or getpass.getuser(),
        keys=tuple(str(Path(key).expanduser()) for key in keys),
        proxy=_proxy(found, location),
        known_hosts=tuple(Path(file).expanduser() for file in files),
    )


def _proxy(found: Any, location: Location) -> str:  # noqa: ANN401 - paramiko's dictionary
    if found.get("proxycommand", "none") != "none":
        return str(found["proxycommand"])
    if "proxyjump" in found and found["proxyjump"] != "none":
        target = f"{found.get('hostname', location.host)}:{location.port or found.get('port', 22)}"
        jump, _, port = found["proxyjump"].partition(":")
        return shlex.join(["ssh", *(["-p", port] if port else []), "-W", target, jump])
    return ""


def connect_client(where: Login) -> SSHClient:
    """Connects to a server whose key is known.

    Raises:
        DeviceNotFoundError: Nothing answers there.
        DeviceRefusedError: Its key is not known or has changed, or it refuses the login.
    """
    from paramiko import PasswordRequiredException, RejectPolicy, SSHClient
    from paramiko.ssh_exception import (
        AuthenticationException,
        BadHostKeyException,
        NoValidConnectionsError,
        SSHException,
    )

    _keep_quiet()
    client = SSHClient()
    client.set_missing_host_key_policy(RejectPolicy())
    for file in where.known_hosts:
        if file.is_file():
            client.load_host_keys(str(file))
    try:
        _connect(client, where)
    except BadHostKeyException as error:
        forget = f"ssh-keygen -R {shlex.quote(where.known_as)}"
        _raise_refused(
            client,
            f"the key of {where.known_as} is not the one that is known: it is now "
            f"{error.key.fingerprint}; if that is right, {forget} and learn it again",
            error,
        )
    except (AuthenticationException, PasswordRequiredException) as error:
        _ask(client, where, error)
    except NoValidConnectionsError as error:
        reason = "; ".join(dict.fromkeys(str(one) for one in error.errors.values()))
        client.close()
        raise DeviceNotFoundError(
            f"nothing answers at {where.known_as} ({reason}); see that it is on, and --host and "
            "--port"
        ) from error
    except SSHException as error:
        _explain(client, where, error)
    except (OSError, EOFError, UnicodeError) as error:
        client.close()
        raise DeviceNotFoundError(
            f"{where.known_as} cannot be reached ({str(error) or type(error).__name__}); see that "
            "it is on, and --host and --port"
        ) from error
    return client


def _connect(client: SSHClient, where: Login) -> None:
    """Connects with the private keys, or the password of the environment."""
    from edgeslim.transports._ssh_proxy import SshProxy

    client.connect(
        where.host,
        where.port,
        where.user,
        key_filename=list(where.keys) or None,  # type: ignore[arg-type]  # it takes lists
        password=os.environ.get(_PASSWORD) or None,
        sock=SshProxy(where.proxy) if where.proxy else None,
        timeout=_CONNECT_S,
        banner_timeout=_CONNECT_S,
        auth_timeout=_CONNECT_S,
        channel_timeout=_CONNECT_S,
    )


def _raise_refused(client: SSHClient, message: str, error: Exception) -> None:
    client.close()
    raise DeviceRefusedError(message) from error


def _explain(client: SSHClient, where: Login, error: Exception) -> None:
    if "No authentication methods" in str(error):
        _ask(client, where, error)
        return
    if "not found in known_hosts" in str(error):
        port = "" if where.port == 22 else f"-p {where.port} "
        file = shlex.quote(str(where.known_hosts[0]))
        _raise_refused(
            client,
            f"the key of {where.known_as} is not known; compare its fingerprint on the device, "
            f"and add it: ssh-keyscan {port}{shlex.quote(where.host)} >> {file}",
            error,
        )
    if "no acceptable" in str(error).lower() or "incompatible" in str(error).lower():
        _raise_refused(
            client,
            f"{where} offers only methods that are no longer safe ({error}); update its ssh server",
            error,
        )
    client.close()
    if "banner" in str(error):
        raise DeviceNotFoundError(
            f"something answers at {where.known_as} and is no ssh server: it closed the connection "
            "or did not say what it is; see that an ssh server runs there, and --host and --port"
        ) from error
    reason = " ".join(str(error).split())
    raise DeviceNotFoundError(f"{where} does not answer as an ssh server: {reason}") from error


def _keep_quiet() -> None:
    """Keeps tracebacks of paramiko's thread from standard error, unless logging is configured."""
    logger = logging.getLogger("paramiko")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _ask(client: SSHClient, where: Login, error: Exception) -> None:
    """Asks for a password; without a terminal the login is refused."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        _raise_refused(
            client,
            f"{where} refuses the login ({error}); ssh-copy-id -p {where.port} "
            f"{shlex.quote(f'{where.user}@{where.host}')}, or name a key in the profile, or set "
            f"{_PASSWORD}",
            error,
        )
    from paramiko.ssh_exception import SSHException

    password = getpass.getpass(f"password of {where}: ")
    try:
        client.connect(
            where.host,
            where.port,
            where.user,
            password=password,
            allow_agent=False,
            look_for_keys=False,
            timeout=_CONNECT_S,
        )
    except SSHException as again:
        _raise_refused(client, f"{where} refuses the login: {again}", again)
