"""Operators of Paddle 3's programs that are refused by name, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import ModelError
from edgeslim.paddle_io.pir.builtin import is_known_operator
from edgeslim.paddle_io.pir.reader import Operation

__all__ = ["refuse_operations"]

_CONTROL_FLOW = frozenset(
    f"pd_op.{name}" for name in ("array_length", "array_read", "array_write_", "if", "pylayer")
) | {"pd_op.while", "pd_op.select_input", "pd_op.create_array", "pd_op.array_to_tensor"}

_RANDOM = frozenset(
    f"pd_op.{name}"
    for name in (
        "bernoulli",
        "binomial",
        "class_center_sample",
        "dirichlet",
        "exponential",
        "gaussian",
        "gaussian_inplace",
        "gumbel_softmax",
        "multinomial",
        "poisson",
        "randint",
        "random",
        "randperm",
        "standard_gamma",
        "top_p_sampling",
        "truncated_gaussian_random",
        "uniform",
        "uniform_inplace",
    )
)

_OPTIMIZED_PREFIXES = (
    "fused_",
    "fusion_",
    "fc",
    "gemm_epilogue",
    "multihead_matmul",
    "self_dp_",
)


def refuse_operations(operations: Sequence[Operation], path: Path) -> None:
    """Refuses a program for its operators, each named once, before it is translated.

    Raises:
        ModelError: It has an operator that cannot be translated.
    """
    by_name = {operation.name: operation for operation in operations}
    for reason in _REASONS:
        names = sorted(name for name, operation in by_name.items() if reason.applies(operation))
        if names:
            raise ModelError(f"{path} {reason.message}: {', '.join(names)}; {reason.mend}")


def _is_control_flow(operation: Operation) -> bool:
    return (
        operation.dialect == "cf"
        or operation.name in _CONTROL_FLOW
        or "regions" in operation.attributes
    )


def _is_optimized(operation: Operation) -> bool:
    return operation.dialect not in {"builtin", "pd_op", "cf", "custom_op"} or (
        operation.dialect == "pd_op" and operation.short_name.startswith(_OPTIMIZED_PREFIXES)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reason:
    """Why operators are refused.

    Args:
        applies: Whether an operator is refused for this reason.
        message: What the program has or does, as a message to the user.
        mend: What the user can do.
    """

    applies: Callable[[Operation], bool]
    message: str
    mend: str


_REASONS: tuple[_Reason, ...] = (
    _Reason(
        applies=_is_control_flow,
        message="has control flow",
        mend="Paddle-Lite's optimizer takes no loops or branches; write the network without those "
        "that depend on values",
    ),
    _Reason(
        applies=lambda operation: operation.dialect == "custom_op",
        message="has custom operators",
        mend="Paddle-Lite has no kernels for them; write them with Paddle's own functions",
    ),
    _Reason(
        applies=_is_optimized,
        message="was optimized for another runtime",
        mend="save the network itself with paddle.jit.save",
    ),
    _Reason(
        applies=lambda operation: operation.name.removesuffix("_") in _RANDOM,
        message="draws random numbers",
        mend="what it computes cannot be compared; take them as an input",
    ),
    _Reason(
        applies=lambda operation: not is_known_operator(operation),
        message="has operators for which edgeslim knows no name in old programs",
        mend="write them with other functions of Paddle",
    ),
)
