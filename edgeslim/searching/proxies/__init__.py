"""Scores of networks that cost no training, one file each: they choose what is worth evaluating.

They are not accuracies. The authors of ZiCo (Li et al., 2023, https://arxiv.org/abs/2301.11300)
found that no proxy before theirs beats the number of parameters on all benchmarks. How well one
ranks on a task is measured by `edgeslim space agreement`, and should be before it is used.
"""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.searching.proxies._proxy import Proxy, ProxyFactory

__all__ = ["PROXIES", "Proxy", "ProxyFactory"]

PROXIES: Shelf[ProxyFactory] = Shelf(
    what="proxy", package="edgeslim.searching.proxies", attribute="PROXY"
)
"""All proxies by name."""
