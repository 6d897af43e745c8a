"""The state of a training in one file, as arrays and text alone.

A step is whole or not done: signals wait for its end, since running means change before weights
do, and a step that fails in the middle is never kept. A checkpoint knows its network by the first
weights, so the same architecture pruned otherwise is another one.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import pack_arrays, write_bytes
from edgeslim.training._optimizer import set_velocities, velocities

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import paddle
    from numpy.typing import NDArray
    from paddle import nn

    from edgeslim.training.processes import Processes
    from edgeslim.training.tasks import Examples, TaskData

__all__ = [
    "CheckpointHeader",
    "check_same_examples",
    "data_fingerprint",
    "net_fingerprint",
    "restore",
    "save",
    "share_state",
]

_FORMAT = 1


class CheckpointHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of the training that a state belongs to.

    Args:
        net: Fingerprint of the network before its first step, weights included.
        data: Fingerprint of the task's examples.
        settings: All numbers that decide what a training does.
        format: Version of the file format.
    """

    net: str
    data: str
    settings: dict[str, int | float | str]
    format: int = _FORMAT


def save(
    path: Path,
    about: CheckpointHeader,
    net: nn.Layer,
    optimizer: paddle.optimizer.Momentum,
    losses: list[float],
) -> None:
    """Writes the state, whole or not at all.

    Args:
        path: The file to write.
        about: Identity of the training.
        net: Network whose parameters and running means are written.
        optimizer: Optimizer whose velocities are written.
        losses: Loss of each step done; their number says how far the training is.

    Raises:
        UnwritableError: It cannot be written.
    """
    write_bytes(path, state_bytes(about, net, optimizer, losses))


def state_bytes(
    about: CheckpointHeader,
    net: nn.Layer,
    optimizer: paddle.optimizer.Momentum,
    losses: list[float],
) -> bytes:
    """Content of the file that `save` writes."""
    arrays: dict[str, NDArray[Any]] = {
        "about": np.frombuffer(msgspec.json.encode(about), dtype=np.uint8),
        "losses": np.asarray(losses, dtype=np.float64),
    }
    for index, tensor in enumerate(net.state_dict().values()):
        arrays[f"net_{index}"] = tensor.numpy()
    for index, velocity in velocities(optimizer, net).items():
        arrays[f"velocity_{index}"] = velocity
    return pack_arrays(arrays)


def restore(
    path: Path, about: CheckpointHeader, net: nn.Layer, optimizer: paddle.optimizer.Momentum
) -> list[float]:
    """Reads what `save` wrote into the network and the optimizer.

    Returns:
        The losses of the steps done.

    Raises:
        BadFileError: It is no checkpoint, or a damaged one.
        UsageError: It is of another training; says what differs.
    """
    try:
        arrays = _arrays(path.read_bytes())
        theirs = msgspec.json.decode(arrays["about"].tobytes(), type=CheckpointHeader)
        losses: list[float] = arrays["losses"].tolist()
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadFileError(
            f"{path} is no checkpoint, or a damaged one ({error}); remove it to begin again"
        ) from error
    _check_same(path, theirs, about)
    _put(arrays, net, optimizer)
    return losses


def share_state(
    team: Processes,
    data: TaskData,
    net: nn.Layer,
    optimizer: paddle.optimizer.Momentum,
    losses: list[float],
) -> list[float]:
    """Gives all processes the state of a training that process 0 has.

    Args:
        team: The processes of the training.
        data: Examples of this process, which must be those of process 0.
        net: Network whose parameters and running means are set.
        optimizer: Optimizer whose velocities are set.
        losses: Loss of each step done, in process 0.

    Returns:
        The losses of process 0.

    Raises:
        UsageError: A process has other examples.
    """
    mine = data_fingerprint(data)
    about = CheckpointHeader(net="", data=mine, settings={})
    arrays = _arrays(team.run_on_leader(lambda: state_bytes(about, net, optimizer, losses)))

    def take() -> None:
        check_same_examples(
            mine, msgspec.json.decode(arrays["about"].tobytes(), type=CheckpointHeader).data
        )
        if not team.is_leader:
            _put(arrays, net, optimizer)

    team.run_everywhere(take)
    found: list[float] = arrays["losses"].tolist()
    return found


def check_same_examples(mine: str, theirs: str) -> None:
    """Checks that a process has the examples of process 0, by their `data_fingerprint`.

    Raises:
        UsageError: It has other examples.
    """
    if mine != theirs:
        raise UsageError(
            "the task's examples here are not those of process 0; give all machines the same files"
        )


def _arrays(content: bytes) -> dict[str, NDArray[Any]]:
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _put(
    arrays: Mapping[str, NDArray[Any]], net: nn.Layer, optimizer: paddle.optimizer.Momentum
) -> None:
    for index, tensor in enumerate(net.state_dict().values()):
        tensor.set_value(arrays[f"net_{index}"])
    own = {
        int(name.removeprefix("velocity_")): array
        for name, array in arrays.items()
        if name.startswith("velocity_")
    }
    set_velocities(optimizer, net, own)


def _check_same(path: Path, theirs: CheckpointHeader, mine: CheckpointHeader) -> None:
    """Checks that a checkpoint is of this training.

    Raises:
        BadFileError: Another version of edgeslim wrote it, in another form.
        UsageError: It is of another training.
    """
    if theirs.format != mine.format:
        raise BadFileError(f"{path} has format {theirs.format}, not {mine.format}; remove it")
    for name in {**mine.settings, **theirs.settings}:
        other, value = (header.settings.get(name, "by default") for header in (theirs, mine))
        if other != value:
            raise UsageError(
                f"{path} is of a training with {name.replace('_', ' ')} {other}, not {value}; give "
                "the same settings to continue it, or another folder for this one"
            )
    for what in ("net", "data"):
        if getattr(theirs, what) != getattr(mine, what):
            full = {"net": "network, or one of other first weights", "data": "task's data"}[what]
            raise UsageError(
                f"{path} is of a training of another {full}; give another folder for this one"
            )


def net_fingerprint(net: nn.Layer) -> str:
    """Hash that is the same for networks of the same names, shapes and weights, in any process."""
    digest = hashlib.sha256()
    for name, tensor in net.state_dict().items():
        _add(digest, name, tensor.numpy())
    return digest.hexdigest()


def data_fingerprint(data: TaskData) -> str:
    """Hash of the number of examples, and of the first, the middle and the last one.

    All of them may be too many to read.
    """
    digest = hashlib.sha256()
    for examples in (data.train, data.validation):
        images, targets = examples.batch(_sampled_indices(examples), None)
        for array in (images, *targets):
            _add(digest, str(len(examples)), array)
    return digest.hexdigest()


def _sampled_indices(examples: Examples) -> NDArray[np.int64]:
    last = len(examples) - 1
    return np.asarray(sorted({0, last // 2, last}), dtype=np.int64)


def _add(digest: hashlib._Hash, name: str, array: NDArray[np.generic]) -> None:
    digest.update(f"{name} {array.dtype} {array.shape}\n".encode())
    digest.update(np.ascontiguousarray(array).tobytes())
