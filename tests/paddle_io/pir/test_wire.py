"""Fields written by hand are those that protobuf's own objects write."""

from __future__ import annotations

import pytest

from edgeslim.paddle_io.pir.wire import encode_delimited, encode_field, encode_tag
from edgeslim.paddle_io.proto import framework


@pytest.mark.parametrize("length", [0, 1, 127, 128, 1023, 1024, 16383, 16384, 3_000_000])
def test_a_text_of_any_length(length: int) -> None:
    slots = framework().OpDesc.Var
    text = "é" * (length // 2) + "x" * (length % 2)
    expected = slots(parameter=text).SerializeToString()
    assert encode_field(encode_tag(slots, "parameter"), text.encode()) == expected
    assert encode_tag(slots, "parameter") + encode_delimited(text.encode()) == expected


def test_a_message_in_a_message() -> None:
    messages = framework()
    slot = messages.OpDesc.Var(parameter="X", arguments=["a", "b"])
    expected = messages.OpDesc(type="relu", outputs=[slot])
    written = encode_field(encode_tag(messages.OpDesc, "type"), b"relu")
    written += encode_field(encode_tag(messages.OpDesc, "outputs"), slot.SerializeToString())
    assert messages.OpDesc.FromString(written) == expected
