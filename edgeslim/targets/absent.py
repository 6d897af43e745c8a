"""Operators without kernels."""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.targets._law import (
    ARM,
    EVERY_PRECISION,
    EVERYWHERE,
    Answer,
    Kernels,
    Law,
    Operator,
    is_any,
)
from edgeslim.targets._served import SERVED

__all__ = [
    "ABSENT_ALONG_AXES",
    "ABSENT_FOLDS",
    "ABSENT_FUNCTIONS",
    "ABSENT_GRIDS",
    "ABSENT_LAYOUTS",
    "ABSENT_LINES",
    "ABSENT_NORMS",
    "ABSENT_PLACES",
    "ABSENT_QUESTIONS",
    "ABSENT_RESIZING",
    "ABSENT_SOFTSIGNS",
    "ABSENT_SUMS",
    "ABSENT_TAPS",
    "ABSENT_TOTALS",
    "ABSENT_VOLUMES",
    "LAWS",
]

_X86 = frozenset({Kernels.X86})
_SOURCE = "print_all_ops of opt"
_NO_KERNEL = "there is no kernel for it"
_MEND = "build the network without it, or with what it is made of"


def _absent(
    name: str, operators: str, rewrite: str, kernels: frozenset[Kernels] = EVERYWHERE
) -> Law:
    return Law(
        name=name,
        operators=tuple(operators.split()),
        condition="always",
        meets=is_any,
        happens=_NO_KERNEL,
        kernels=kernels,
        precisions=EVERY_PRECISION,
        rewrite=rewrite,
        form="with operators that have kernels",
        mend=_MEND,
        source=_SOURCE,
    )


ABSENT_FUNCTIONS = _absent(
    "absent-functions",
    """acos acosh asin asinh atan atan2 atanh ceil celu cosh elementwise_fmax elementwise_fmin
    elementwise_heaviside expm1 hard_shrink isclose lerp log10 log1p log2 logit logsigmoid rrelu
    selu sinh softshrink stanh tan tanh_shrink trunc""",
    "absent-functions",
)
ABSENT_QUESTIONS = _absent("absent-questions", "isfinite_v2 isinf_v2 isnan_v2", "kinds-of-numbers")
ABSENT_SOFTSIGNS = _absent("absent-softsigns", "softsign", "absent-functions", ARM)
ABSENT_LAYOUTS = _absent(
    "absent-layouts",
    "lp_pool2d maxout pixel_unshuffle pool3d repeat_interleave",
    "absent-layouts",
)
ABSENT_LINES = _absent("absent-lines", "linear_interp_v2", "absent-layouts", _X86)
ABSENT_PLACES = _absent(
    "absent-places", "cross diagonal expand_as_v2 eye kron masked_fill", "absent-places"
)
ABSENT_RESIZING = _absent(
    "absent-resizing", "bicubic_interp_v2 trilinear_interp_v2", "absent-resizing"
)
ABSENT_SUMS = _absent(
    "absent-sums",
    "addmm arg_min bilinear_tensor_product dot einsum logsumexp mv",
    "absent-sums",
)
ABSENT_TOTALS = _absent("absent-totals", "mean sum", "absent-sums", _X86)
ABSENT_NORMS = _absent("absent-norms", "frobenius_norm", "norms")
ABSENT_TAPS = _absent("absent-taps", "deformable_conv_v1", "unweighed-taps")
ABSENT_VOLUMES = _absent("absent-volumes", "conv3d", "absent-volumes")
ABSENT_FOLDS = _absent("absent-folds", "fold", "absent-fold")
ABSENT_GRIDS = _absent("absent-grids", "affine_grid", "absent-grids", _X86)
ABSENT_ALONG_AXES = _absent(
    "absent-along-axes", "put_along_axis take_along_axis", "absent-along-axis"
)

_WRITTEN = (
    ABSENT_FUNCTIONS,
    ABSENT_QUESTIONS,
    ABSENT_SOFTSIGNS,
    ABSENT_LAYOUTS,
    ABSENT_LINES,
    ABSENT_PLACES,
    ABSENT_RESIZING,
    ABSENT_SUMS,
    ABSENT_TOTALS,
    ABSENT_NORMS,
    ABSENT_TAPS,
    ABSENT_VOLUMES,
    ABSENT_FOLDS,
    ABSENT_GRIDS,
    ABSENT_ALONG_AXES,
)
_WRITTEN_KINDS = {kind for law in _WRITTEN for kind in law.operators}
_REMOVED_PREFIXES = ("fake_", "quantize_linear", "dequantize_linear")
"""Prefixes of the kinds that `opt` removes, after it has read their scales."""


def _lacks_kernel(kernels: Kernels) -> Callable[[Operator], bool]:
    def meets(operator: Operator) -> bool:
        kind = operator.kind
        if kind in SERVED[kernels] or kind in _WRITTEN_KINDS:
            return False
        return not kind.startswith(_REMOVED_PREFIXES)

    return meets


def _without(kernels: frozenset[Kernels], where: str) -> Law:
    return Law(
        name=f"absent-on-{where}",
        operators=(),
        condition="any other kind without kernels",
        meets=_lacks_kernel(min(kernels)),
        happens=_NO_KERNEL,
        kernels=kernels,
        precisions=EVERY_PRECISION,
        answer=Answer.REFUSED,
        mend=_MEND,
        source=_SOURCE,
    )


LAWS = (*_WRITTEN, _without(_X86, "x86"), _without(ARM, "arm"))
