"""What is printed of what the library and other libraries log."""

from __future__ import annotations

import logging

import pytest

from edgeslim.cli.notes import notes_on_standard_error

OWN, OTHER = logging.getLogger("edgeslim.measuring.drift"), logging.getLogger("paramiko.transport")


def test_own_warnings_are_notes_and_what_other_libraries_log_is_for_those_who_look_for_a_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with notes_on_standard_error():
        OWN.warning("it is hot")
        OWN.warning("it is hot")
        OTHER.error("the link is gone, with a trace")
        OTHER.info("connected")
    assert capsys.readouterr().err == "note: it is hot\n"
    with notes_on_standard_error(debug=True):
        OTHER.error("the link is gone, with a trace")
        OTHER.info("connected")
    assert capsys.readouterr().err == "the link is gone, with a trace\n"
