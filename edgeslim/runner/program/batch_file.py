"""Reading the batch: a line of manifest, and the files that it names."""

from __future__ import annotations

import hashlib
import json
from typing import Dict, Tuple

from .results import Message, refuse

PROTOCOL = 3


def read_batch(path: str) -> Tuple[Message, Dict[str, bytes]]:
    """The manifest, and the files by name; a batch that did not arrive whole is refused."""
    try:
        with open(path, "rb") as stream:
            first, content = stream.readline(), stream.read()
    except OSError as error:
        refuse("the batch cannot be read: {}".format(error))
    try:
        manifest = json.loads(first.decode())
        protocol = manifest["protocol"]
    except (ValueError, KeyError, TypeError):
        refuse("the batch does not begin with a manifest")
    if protocol != PROTOCOL:
        refuse("the manifest has protocol {}; this runner speaks {}".format(protocol, PROTOCOL))
    if hashlib.sha256(content).hexdigest() != manifest["sha256"]:
        refuse("the batch did not arrive whole: its checksum differs")
    files = {}
    start = 0
    for file in manifest["files"]:
        files[file["name"]] = content[start : start + file["size"]]
        start += file["size"]
    return manifest, files
