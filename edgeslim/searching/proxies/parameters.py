"""Number of parameters, which no other proxy consistently beats (see the package).

Counted as the optimizer leaves them: a batch norm is part of its convolution, as one bias a
channel.
"""

from __future__ import annotations

from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.searching.proxies._proxy import Proxy
from edgeslim.searching.proxies._sizes import SizeProxy

__all__ = ["PROXY"]


def _proxy(setup: EvaluationSetup) -> Proxy:
    return SizeProxy(setup.space, lambda sizes: sizes.parameters)


PROXY = _proxy
