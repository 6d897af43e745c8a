"""Multiply-accumulate operations: networks of a space that do more work often know more."""

from __future__ import annotations

from edgeslim.searching.accuracy import Judging
from edgeslim.searching.proxies._proxy import Proxy
from edgeslim.searching.proxies._sizes import SizeProxy

__all__ = ["PROXY"]


def _proxy(judging: Judging) -> Proxy:
    return SizeProxy(judging.space, lambda sizes: sizes.macs)


PROXY = _proxy
