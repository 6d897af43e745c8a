"""Options that commands have from the fields of requests, and functions that take the same."""

from __future__ import annotations

import inspect
import shlex
from dataclasses import dataclass, field, fields, replace
from typing import Annotated

import pytest
from typer import TyperException

from edgeslim.compression.compress import CompressRequest
from edgeslim.conversion.build_network import BuildRequest
from edgeslim.conversion.inspect_model import InspectRequest
from edgeslim.counts import parse_count
from edgeslim.deployment.evaluate import EvaluateRequest
from edgeslim.deployment.request import ConvertRequest, DeployRequest
from edgeslim.deployment.user_benchmark import BenchmarkRequest
from edgeslim.errors import UsageError
from edgeslim.inference.infer import InferRequest
from edgeslim.options import (
    ARGUMENT,
    OPTION,
    Option,
    OptionsOf,
    called_with,
    field_texts,
    option_words,
)
from edgeslim.prediction.predict_model import PredictRequest
from edgeslim.profiling.profile import ProfileRequest
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.prune import PruneRequest
from edgeslim.pruning.sensitivity import SensitivityRequest
from edgeslim.runner.build import RunnerRequest
from edgeslim.searching.agreement import AgreementRequest
from edgeslim.searching.largest import LargestRequest
from edgeslim.searching.request import SearchRequest
from edgeslim.tables.import_table import ImportRequest, TableOrigin
from edgeslim.training.quantize_model import QuantizeRequest
from edgeslim.training.train_model import TrainRequest
from edgeslim.training.train_supernet import SupernetRequest
from tests.typed import asked, options_of

MORE = Option("More")


@dataclass(frozen=True, kw_only=True)
class Place:
    device: Annotated[str, MORE] = ""
    """Name of a device."""
    port: Annotated[int | None, MORE] = None
    """Port of its server."""
    secret: int = 3
    """Not for the command line."""


@dataclass(frozen=True, kw_only=True)
class Base:
    seed: Annotated[int, OPTION] = 0
    """Seed of everything
    random."""


@dataclass(frozen=True, kw_only=True)
class Request(Base):
    model: Annotated[str, ARGUMENT] = field(kw_only=False)
    """The model."""
    most: Annotated[int | None, MORE("--most", "-m", parse=parse_count)] = None
    """At most so many: 3M."""
    shapes: Annotated[dict[str, int], OPTION(parse_all=lambda texts: dict.fromkeys(texts, 1))] = (
        field(default_factory=dict)
    )
    """Names of shapes."""
    skip: Annotated[tuple[str, ...], OPTION] = ()
    """Names to leave out."""
    measure: Annotated[bool, OPTION] = True
    """Measure here."""
    device: Annotated[Place | None, OptionsOf(Place)] = None
    """Where it runs."""
    progress: Progress = SILENT
    """Shows how far it is."""


@called_with(Request)
def work(request: Request) -> Request:
    """Does the work.

    Raises:
        UsageError: Never.
    """
    return request


def test_a_field_becomes_an_option_with_its_name_type_and_parser() -> None:
    given = asked(Request, "net -m 3M --shapes a --shapes b --skip x --no-measure --port 5")
    assert (given.model, given.most, given.shapes) == ("net", 3_000_000, {"a": 1, "b": 1})
    assert (given.skip, given.measure, given.seed) == (("x",), False, 0)
    assert given.device == Place(port=5)


def test_the_words_of_a_command_ask_for_the_values() -> None:
    values = {
        "model": "a net",
        "most": 3,
        "shapes": ["a", "b"],
        "measure": False,
        "skip": [],
        "device": {"device": "here", "port": None},
        "seed": 0,
        "progress": "not an option",
    }
    words = option_words(Request, values)
    assert words[0] == "a net"
    given = asked(Request, shlex.join(words))
    wanted = Request("a net", most=3, measure=False, device=Place(device="here"))
    assert given == replace(wanted, shapes={"a": 1, "b": 1}, progress=given.progress)
    assert option_words(Request, {"model": "net", "measure": True}) == ["net"]
    assert option_words(DeployRequest, {"model": "net"}) == ["net"]
    assert option_words(DeployRequest, {"model": "a", "others": ["b", "c"]}) == ["a", "b", "c"]


def test_help_says_what_a_value_is() -> None:
    called = {name: option.metavar for name, option in options_of(DeployRequest).items()}
    assert called["assert_latency"] == called["patience"] == "DURATION"
    assert called["max_memory"] == "SIZE"
    assert (called["out"], called["table"]) == ("FOLDER", "FILE")
    assert called["precisions"] == "NAME,..."


def test_what_is_not_given_is_as_it_is_from_python() -> None:
    given = asked(Request, "net")
    assert given.progress is not SILENT
    assert replace(given, progress=SILENT) == Request("net")


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TyperException, match="secret"):
        asked(Request, "net --secret 4")
    with pytest.raises(TyperException, match="should be a valid integer"):
        asked(Request, "net --seed many")
    with pytest.raises(UsageError, match="'many' is not a count"):
        asked(Request, "net --most many")


def test_texts_stand_below_fields_own_ones_first() -> None:
    texts = field_texts(Request)
    assert [*texts] == [*(one.name for one in fields(Request) if one.name != "seed"), "seed"]
    assert texts["seed"] == "Seed of everything random."


def test_options_of_another_class_have_its_texts_but_for_the_fields_own_name() -> None:
    shown = options_of(Request)
    assert (shown["port"].help, shown["port"].rich_help_panel) == ("Port of its server.", "More")
    assert shown["device"].help == "Where it runs."
    assert "secret" not in shown


def test_a_function_takes_a_request_or_its_fields() -> None:
    whole = Request("net", seed=3)
    assert work(whole) is whole
    assert work("net", seed=3) == work(model="net", seed=3) == whole
    with pytest.raises(TypeError, match="sead"):
        work("net", sead=3)  # type: ignore[call-overload]


def test_the_help_of_a_function_has_its_fields() -> None:
    text = inspect.getdoc(work) or ""
    assert text.startswith("Does the work.\n\nArgs:\n    model: The model.\n")
    assert text.endswith("    seed: Seed of everything random.\n\nRaises:\n    UsageError: Never.")
    assert str(inspect.signature(work).parameters["most"]) == "most: int | None = None"


REQUESTS = [
    *(TrainRequest, SupernetRequest, QuantizeRequest, CompressRequest, PruneRequest),
    *(SearchRequest, LargestRequest, DeployRequest, ConvertRequest, ProfileRequest, InferRequest),
    *(EvaluateRequest, SensitivityRequest, PredictRequest, InspectRequest, BuildRequest),
    *(AgreementRequest, ImportRequest, TableOrigin, BenchmarkRequest, RunnerRequest),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_everything_that_can_be_asked_is_described(request_: type) -> None:
    texts = field_texts(request_)
    assert set(texts) == {one.name for one in fields(request_)}
    assert all(text.endswith((".", "...")) for text in texts.values())
