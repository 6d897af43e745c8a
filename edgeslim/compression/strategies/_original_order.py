"""The order of parameters in PaddleSlim 1.x, which its published tokens have.

It took them from a copy of the evaluation program (``Program.clone``), whose variables come out
of an unordered table in the order of its hashes, and not in that of the network. That order
depends on the names of all variables of the program, so it cannot be computed for a model as it
is saved today. For the one network whose tokens were published, it was taken from the original
itself: Paddle 1.8.5, the MobileNetV1 and the evaluation program of ``PaddleSlim/classification``
(PaddlePaddle/models at 9aefcdc84).
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["sort_to_network_order"]

_MOBILENET_V1 = tuple(
    f"conv{layer}_sep_weights"
    for layer in (
        *("5_3", "5_1", "4_2", "3_1", "4_1", "5_4", "6"),
        *("5_6", "2_1", "3_2", "5_5", "2_2", "5_2"),
    )
)


def sort_to_network_order(tokens: Sequence[int], names: Sequence[str]) -> tuple[int, ...] | None:
    """Sorts tokens from the original's order to the order of names.

    Args:
        tokens: Tokens in the original's order, one for each name.
        names: Names of the parameters, in the network's order.

    Returns:
        The sorted tokens; None if the original's order of these parameters is unknown.
    """
    if sorted(names) != sorted(_MOBILENET_V1):
        return None
    by_name = dict(zip(_MOBILENET_V1, tokens, strict=True))
    return tuple(by_name[name] for name in names)
