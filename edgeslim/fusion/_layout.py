"""Passes on operators that only move data: several become one, or are computed beforehand."""

from __future__ import annotations

from edgeslim.execution import Target
from edgeslim.fusion._network import FusedNetwork

__all__ = ["fuse_padding", "fuse_shuffles", "fuse_turned_softmax", "unsqueeze_weights"]


def unsqueeze_weights(network: FusedNetwork, _: Target) -> None:
    """``unsqueeze_calc_offline_pass``: a weight gets its axes when the model is converted."""
    for number, node in network.nodes_of_kind("unsqueeze2"):
        if "X" in node.weights:
            (result,) = node.writes()
            network.remove(number)
            network.make_weight(result)


def fuse_padding(network: FusedNetwork, _: Target) -> None:
    """``lite_unsqueeze2_pad3d_squeeze2_fuse_pass``: padding of images given a third axis."""
    for number, unsqueeze in network.nodes_of_kind("unsqueeze2"):
        padded = network.behind(number, "pad3d")
        squeezed = None if padded is None else network.behind(padded, "squeeze2")
        if padded is None or squeezed is None:
            continue
        attributes = network[padded].spec.attributes
        sides, form = attributes["paddings"], attributes["data_format"]
        assert isinstance(sides, tuple)  # noqa: S101 - its default says so
        if len(sides) != 6 or any(sides[4:]):
            continue
        made = network.node(
            "pad2d",
            {"X": unsqueeze.reads()},
            {"Out": network[squeezed].writes()},
            mode=attributes["mode"],
            paddings=sides[:4],
            pad_value=attributes["value"],
            data_format={"NCDHW": "NCHW", "NDHWC": "NHWC"}[str(form)],
        )
        network.replace((number, padded, squeezed), made)


def fuse_shuffles(network: FusedNetwork, _: Target) -> None:
    """``lite_shuffle_channel_fuse_pass``: channels cut in groups, turned, and put together."""
    for number, reshape in network.nodes_of_kind("reshape2"):
        turned = network.behind(number, "transpose2")
        last = None if turned is None else network.behind(turned, "reshape2")
        if turned is None or last is None:
            continue
        cut, axes = reshape.spec.attributes["shape"], network[turned].spec.attributes["axis"]
        joined = network[last].spec.attributes["shape"]
        assert isinstance(cut, tuple)  # noqa: S101 - its default says so
        assert isinstance(axes, tuple)  # noqa: S101
        assert isinstance(joined, tuple)  # noqa: S101
        if len(cut) >= 5 and cut[1] > 0 and axes[1:3] == (2, 1) and len(joined) >= 4:
            made = network.node(
                "shuffle_channel",
                {"X": reshape.reads()},
                {"Out": network[last].writes()},
                group=int(cut[1]),
            )
            network.replace((number, turned, last), made)


def fuse_turned_softmax(network: FusedNetwork, _: Target) -> None:
    """``lite_transpose_softmax_transpose_fuse_pass``: a softmax along another axis."""
    for number, turn in network.nodes_of_kind("transpose2"):
        softmax = network.behind(number, "softmax")
        back = None if softmax is None else network.behind(softmax, "transpose2")
        if softmax is None or back is None or network[softmax].spec.attributes["axis"] != -1:
            continue
        axes = turn.spec.attributes["axis"]
        assert isinstance(axes, tuple)  # noqa: S101 - its default says so
        made = network.node(
            "softmax",
            {"X": turn.reads()},
            {"Out": network[back].writes()},
            axis=int(axes[-1]),
        )
        network.replace((number, softmax, back), made)
