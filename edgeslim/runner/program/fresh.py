"""Entries that start in a process of their own, as an app does: load, first run and memory.

The process is forked before NumPy or an engine is imported, so that nothing of other models, nor
of a reference, is in its memory or its caches.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, Dict, List

from . import page_cache
from .batch_file import PackedFiles
from .models import Tools
from .pace import Sweep
from .results import REFUSED, EntryError, Message
from .soak import soak
from .start import memory_kb

COLD = "cold"


class FolderFiles:
    """Files of a folder by name, read when they are wanted."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def path(self, name: str) -> str:
        """Path of a file."""
        return os.path.join(self._folder, name)

    def head(self, name: str, size: int) -> bytes:
        """The first bytes of a file."""
        with open(self.path(name), "rb") as stream:
            return stream.read(size)

    def __getitem__(self, name: str) -> bytes:
        with open(self.path(name), "rb") as stream:
            return stream.read()


class FreshStarts:
    """Runs entries of a batch, each in a process that has nothing else in it.

    Args:
        engine: The engine, which is imported in those processes only.
        threads: Threads that models run with.
        files: Files of the batch.
        folder: Folder that its files are written to, one beside the other.
    """

    def __init__(self, engine: Any, threads: int, files: PackedFiles, folder: str) -> None:
        self._engine = engine
        self._threads = threads
        self._folder = folder
        self._paths: List[str] = files.extract(folder)

    def run(self, entry: Message) -> Message:
        """Starts an entry's model; returns its last message.

        A process that was refused, such as without the engine, ends this one in the same way.
        """
        kept = ""
        page_cache.warm(self._paths)
        if entry["start"] == COLD:
            kept = page_cache.drop(self._paths)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._start_and_exit(entry, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as stream:
            told = stream.read()
        _, ended = os.waitpid(child, 0)
        if os.WIFEXITED(ended) and os.WEXITSTATUS(ended) == REFUSED:
            sys.exit(REFUSED)
        if os.WIFEXITED(ended) and os.WEXITSTATUS(ended) == 0:
            message: Message = json.loads(told.decode())
            return {**message, "id": entry["id"], "kept": kept}
        if os.WIFSIGNALED(ended):
            number = os.WTERMSIG(ended)
            reason = "the model's process was ended by signal {}".format(number)
            return {"event": "failed", "id": entry["id"], "reason": reason, "signal": number}
        reason = "the model's process ended with status {}".format(os.WEXITSTATUS(ended))
        return {"event": "failed", "id": entry["id"], "reason": reason}

    def _start_and_exit(self, entry: Message, writing: int) -> None:
        """The work of the process: it tells one message and ends."""
        status = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, entry["timeout_s"])
            message = self._start(entry)
            with os.fdopen(writing, "wb") as stream:
                stream.write(json.dumps(message).encode())
            status = 0
        except SystemExit as ending:
            status = ending.code if isinstance(ending.code, int) else 1
        except Exception as failure:  # noqa: BLE001 - the process says why, and ends
            sys.stderr.write("{}: {}\n".format(type(failure).__name__, failure))
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _start(self, entry: Message) -> Message:
        try:
            import numpy
        except ImportError:
            pass  # the engine says what to do
        own_kb = memory_kb("VmRSS")
        numpy, library = self._engine.import_library(self._threads)
        if not entry["model"]:
            peak_kb = memory_kb("VmHWM")
            return {"event": "finished", "own_kb": own_kb, "peak_kb": peak_kb}
        tools = Tools(numpy, library, FolderFiles(self._folder), self._folder, Sweep(numpy))
        try:
            model = self._engine.load_model(entry, tools)
            grown: Dict[str, Any] = {}
            if entry.get("soak"):
                grown = soak(model, entry["soak"], numpy)
            outputs = model.outputs()
        except EntryError as failure:
            return {"event": "failed", "reason": str(failure)}
        return {
            "event": "finished",
            "outputs": [list(output.shape) for output in outputs],
            "version": model.version,
            "own_kb": own_kb,
            **model.start,
            **grown,
        }
