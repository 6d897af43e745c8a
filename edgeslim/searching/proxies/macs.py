"""Multiply-accumulate operations: networks of a space that do more work often know more."""

from __future__ import annotations

from edgeslim.searching.accuracy import EvaluationSetup
from edgeslim.searching.proxies._proxy import Proxy
from edgeslim.searching.proxies._sizes import SizeProxy

__all__ = ["PROXY"]


def _proxy(setup: EvaluationSetup) -> Proxy:
    return SizeProxy(setup.space, lambda sizes: sizes.macs)


PROXY = _proxy
