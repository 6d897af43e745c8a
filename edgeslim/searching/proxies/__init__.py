"""Scores of networks that cost no training, one file each; for choosing what is worth judging.

They are no accuracies. The authors of ZiCo (Li et al., 2023, https://arxiv.org/abs/2301.11300)
found that no proxy before theirs beats the number of parameters on all benchmarks. What one is
worth on a task is measured by `edgeslim space agreement`, and should be before it is used.
"""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.searching.proxies._proxy import Proxy, ProxyFactory

__all__ = ["PROXIES", "Proxy", "ProxyFactory"]

PROXIES: Shelf[ProxyFactory] = Shelf(
    what="proxy", package="edgeslim.searching.proxies", attribute="PROXY"
)
"""All of them, by name."""
