"""Reading the batch: a line of manifest, and the files that it names."""

from __future__ import annotations

import hashlib
import json
import os
from typing import BinaryIO, Dict, Iterable, List, Tuple

from .results import Message, refuse

PROTOCOL = 3
_CHUNK = 1 << 20


class PackedFiles:
    """The files of a batch by name, read when they are wanted.

    A process that kept all of them would add them to the memory that is said of its models.
    """

    def __init__(self, path: str, start: int, files: Iterable[Message]) -> None:
        self._path = path
        self._places: Dict[str, Tuple[int, int]] = {}
        for file in files:
            self._places[file["name"]] = (start, file["size"])
            start += file["size"]

    def __getitem__(self, name: str) -> bytes:
        start, size = self._places[name]
        with open(self._path, "rb") as stream:
            stream.seek(start)
            return stream.read(size)

    def extract(self, folder: str) -> List[str]:
        """Writes all files into a folder and onto the disk; returns their paths."""
        paths = []
        for name, (start, size) in self._places.items():
            paths.append(os.path.join(folder, name))
            with open(self._path, "rb") as stream, open(paths[-1], "wb") as copy:
                stream.seek(start)
                copy.writelines(
                    stream.read(min(_CHUNK, size - passed)) for passed in range(0, size, _CHUNK)
                )
                copy.flush()
                os.fsync(copy.fileno())
        return paths


def read_batch(path: str) -> Tuple[Message, PackedFiles]:
    """The manifest, and the files by name; a batch that did not arrive whole is refused."""
    try:
        with open(path, "rb") as stream:
            first = stream.readline()
            checksum = _checksum(stream)
    except OSError as error:
        refuse("the batch cannot be read: {}".format(error))
    try:
        manifest = json.loads(first.decode())
        protocol = manifest["protocol"]
    except (ValueError, KeyError, TypeError):
        refuse("the batch does not begin with a manifest")
    if protocol != PROTOCOL:
        refuse("the manifest has protocol {}; this runner speaks {}".format(protocol, PROTOCOL))
    if checksum != manifest["sha256"]:
        refuse("the batch did not arrive whole: its checksum differs")
    return manifest, PackedFiles(path, len(first), manifest["files"])


def _checksum(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while True:
        chunk = stream.read(_CHUNK)
        if not chunk:
            return digest.hexdigest()
        digest.update(chunk)
