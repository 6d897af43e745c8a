"""A real Chromium without a window, told what to do over a pipe (the DevTools protocol).

Benchmarks and tests of pages share it; see https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Page", "chromium", "opened"]

_DEADLINE_S = 120.0
_PATIENCE_S = 15.0
_SPARE_DESCRIPTOR = 20


def chromium() -> str | None:
    """The program, by any of its names."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


@dataclass(kw_only=True)
class Page:
    """A page of a browser.

    Args:
        commands: Where commands are written to.
        answers: Where answers and events are read from.
    """

    commands: int
    answers: int
    session: str = ""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _rest: bytes = b""
    _count: int = 0

    def load(
        self, file: Path, *, width: int = 1200, height: int = 900, scripts: bool = True
    ) -> None:
        """Opens a file and waits until all of it is there."""
        self.complaints.clear()
        self.requests.clear()
        metrics: dict[str, Any] = {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 600,
        }
        self.ask("Emulation.setDeviceMetricsOverride", **metrics)
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.ask("Page.navigate", url=file.resolve().as_uri(), until="Page.loadEventFired")
        self.ask("Runtime.evaluate", expression="0")  # whatever was said before has arrived

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, as JSON knows it."""
        asked: dict[str, Any] = {
            "expression": expression,
            "returnByValue": True,
            "awaitPromise": True,
        }
        answer = self.ask("Runtime.evaluate", **asked)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def screenshot(self, file: Path) -> None:
        """A picture of the whole page."""
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(answer["data"]))

    def printed(self, file: Path) -> None:
        """The page as it is printed, as a PDF."""
        answer = self.ask("Page.printToPDF", printBackground=False, preferCSSPageSize=False)
        file.write_bytes(base64.b64decode(answer["data"]))

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Moves the mouse (``mouseMoved``), or presses its left button or lets it go."""
        button = "none" if kind == "mouseMoved" else "left"
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def ask(self, method: str, *, until: str = "", **parameters: Any) -> dict[str, Any]:
        """Sends a command, and waits for its answer and for an event.

        Raises:
            RuntimeError: The browser refuses it.
            TimeoutError: It does not answer.
        """
        self._count += 1
        number = self._count
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        answer: dict[str, Any] | None = None
        happened = not until
        while answer is None or not happened:
            heard = self._next()
            happened = happened or heard.get("method") == until
            if heard.get("id") == number:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                answer = heard["result"]
        return answer

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _DEADLINE_S
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError(f"the browser said nothing for {_DEADLINE_S:.0f} s")
            self._rest += os.read(self.answers, 1 << 20)
        line, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(line)
        self._take(heard.get("method", ""), heard.get("params", {}))
        return heard

    def _take(self, method: str, said: dict[str, Any]) -> None:
        """Writes down what a page should not do."""
        told: dict[str, Callable[[], str]] = {
            "Runtime.consoleAPICalled": lambda: f"console: {said['args']}",
            "Runtime.exceptionThrown": lambda: f"exception: {said['exceptionDetails']}",
            "Log.entryAdded": lambda: f"log: {said['entry']['text']}",
            "Page.javascriptDialogOpening": lambda: f"dialog: {said['message']}",
        }
        if method in told:
            self.complaints.append(told[method]())
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])


@contextmanager
def opened(program: str) -> Iterator[Page]:
    """An empty page of a browser that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="browser.", ignore_cleanup_errors=True) as profile:
        ours, theirs = _pipes()
        process_id = os.posix_spawn(
            program,
            [
                *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-extensions", "--disable-background-networking", "--mute-audio"),
                *("--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"),
            ],
            dict(os.environ),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs[0], 3),
                (os.POSIX_SPAWN_DUP2, theirs[1], 4),
            ],
        )
        for each in theirs:
            os.close(each)
        page = Page(commands=ours[1], answers=ours[0])
        try:
            _attach(page)
            yield page
            page.session = ""
            page.ask("Browser.close")
        finally:
            for each in ours:
                os.close(each)  # which ends a browser that has not ended yet
            _wait(process_id)


def _wait(process_id: int) -> None:
    """Waits until the browser is gone, and kills it if it stays."""
    deadline = time.monotonic() + _PATIENCE_S
    while os.waitpid(process_id, os.WNOHANG) == (0, 0):
        if time.monotonic() > deadline:
            os.kill(process_id, signal.SIGKILL)
            os.waitpid(process_id, 0)
            return
        time.sleep(0.02)


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Ends to read from and to write to: ours, and those of the browser, which are far from 3."""
    (commands_out, commands_in), (answers_out, answers_in) = os.pipe(), os.pipe()
    theirs = []
    for each in (commands_out, answers_in):
        theirs.append(fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _SPARE_DESCRIPTOR))
        os.close(each)
    return (answers_out, commands_in), (theirs[0], theirs[1])


def _attach(page: Page) -> None:
    targets = page.ask("Target.getTargets")["targetInfos"]
    target = next(each["targetId"] for each in targets if each["type"] == "page")
    answer = page.ask("Target.attachToTarget", targetId=target, flatten=True)
    page.session = answer["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        page.ask(f"{domain}.enable")
