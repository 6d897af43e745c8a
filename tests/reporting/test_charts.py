"""Charts: well-formed, with marks where the data is, axes with units, and words for all of it."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest

from edgeslim.reporting.charts import Axis, Chart, Key, Mark, Scale, definitions
from edgeslim.reporting.charts.bars import Bar, bars
from edgeslim.reporting.charts.intervals import Reading, intervals
from edgeslim.reporting.charts.lines import ChartLine, Knot, lines
from edgeslim.reporting.charts.scatter import Band, LimitLine, Route, ScatterPoint, scatter
from edgeslim.reporting.charts.timeline import Panel, Sample, TimeSpan, timeline
from tests.reporting.made_up_runs import NASTY
from tests.reporting.pages import SVG, tree

TEN = Axis(title="x (ms)", scale=Scale(low=0, high=10))
HUNDRED = Axis(title="y (%)", scale=Scale(low=0, high=100))


def marks(chart: Chart, kind: str) -> list[ET.Element]:
    return [each for each in tree(chart.svg).iter(f"{SVG}use") if kind in each.attrib["class"]]


def a_scatter(name: str = "a point") -> Chart:
    return scatter(
        [
            ScatterPoint(
                x=2, y=25, mark=Mark.MEASURED, tooltip=name, x_interval=(1, 3), y_interval=(20, 40)
            )
        ],
        title=name,
        description=name,
        x=TEN,
        y=HUNDRED,
        bands=(Band(share=0.1, kind="band"),),
        routes=[Route(points=[(0, 0), (5, 50), (10, 60)], kind="front", is_step_function=True)],
        limits=[LimitLine(value=5, tooltip=name)],
    )


def some_lines(name: str = "a line") -> Chart:
    knots = [Knot(x=each, y=10 * each, tooltip=name, interval=(0, 100)) for each in (1, 2)]
    return lines(
        [ChartLine(name=name, knots=knots)], title=name, description=name, x=TEN, y=HUNDRED
    )


def some_bars(name: str = "a bar") -> Chart:
    series = [
        Bar(value=50, kind=Mark.MEASURED, tooltip=name, before=100),
        Bar(value=25, kind=Mark.INTERPOLATED, tooltip=name, interval=(20, 30)),
        Bar(value=None, kind=Mark.MISSING, tooltip=name),
    ]
    x = Axis(title="operator", scale=Scale(low=0.5, high=3.5))
    return bars(series, title=name, description=name, x=x, y=HUNDRED)


def a_timeline(name: str = "a sample") -> Chart:
    panels = [
        Panel(
            y=HUNDRED,
            samples=[Sample(at_s=1, value=50, tooltip=name)],
            spans=[TimeSpan(start_s=0, end_s=2, low=40, high=60, tooltip=name)],
        ),
        Panel(
            y=HUNDRED,
            samples=[Sample(at_s=each, value=10, tooltip=name) for each in (1, 2)],
            joined=True,
        ),
    ]
    return timeline(panels, title=name, description=name, x=TEN)


def some_intervals(name: str = "a number") -> Chart:
    rows = [
        Reading(name=name, value=5, mark=Mark.PREDICTED, tooltip=name, interval=(4, math.inf)),
        Reading(name=name, value=2.5, mark=Mark.MEASURED, tooltip=name),
    ]
    return intervals(rows, title=name, description=name, x=TEN, limits=[(8, name)])


ALL = [a_scatter, some_lines, some_bars, a_timeline, some_intervals]


@pytest.mark.parametrize("make", ALL)
def test_a_chart_says_what_it_is_and_has_axes_with_their_units(make: type) -> None:
    root = tree(make("the name").svg)
    assert (root.tag, root.attrib["role"]) == (f"{SVG}svg", "img")
    tooltip = {each.attrib.get("id"): each for each in root.iter()}
    title, description = (tooltip[each] for each in root.attrib["aria-labelledby"].split())
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text == "the name"
    texts = [each.text for each in root.iter(f"{SVG}text")]
    assert any("(ms)" in str(text) or text == "operator" for text in texts)
    assert {"2", "4"} <= set(texts) or make is some_bars


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("make", ALL)
def test_any_text_stays_a_text(make: type, name: str) -> None:
    plain, nasty = tree(make("plain").svg), tree(make(name).svg)
    assert [each.tag for each in plain.iter()] == [each.tag for each in nasty.iter()]
    assert [sorted(each.attrib) for each in plain.iter()] == [
        sorted(each.attrib) for each in nasty.iter()
    ]
    shown = "".join(nasty.itertext())
    assert name.translate({0: 0xFFFD, 0x1B: 0xFFFD}) in shown


def test_a_mark_is_where_its_values_are() -> None:
    (mark,) = marks(a_scatter(), "measured")
    assert (mark.attrib["x"], mark.attrib["y"]) == ("20%", "75%")
    assert mark.attrib["href"] == "#mark-measured"
    whiskers = [
        each for each in tree(a_scatter().svg).iter(f"{SVG}line") if each.get("class") == "e"
    ]
    places = [[whisker.attrib[name] for name in ("x1", "x2", "y1", "y2")] for whisker in whiskers]
    assert places == [["10%", "30%", "75%", "75%"], ["20%", "20%", "80%", "60%"]]


def test_a_line_goes_through_its_values_in_steps_if_these_are_stairs() -> None:
    paths = [each.attrib for each in tree(a_scatter().svg).iter(f"{SVG}path")]
    (front,) = [path["d"] for path in paths if path["class"] == "l front"]
    assert front == "M0 10000 5000 10000 5000 5000 10000 5000 10000 4000"
    (limit,) = [path["d"] for path in paths if path["class"] == "l limit"]
    assert limit == "M5000 0 5000 10000"


def test_bars_are_as_high_as_their_values_and_what_is_not_known_is_a_cross() -> None:
    root = tree(some_bars().svg)
    heights = {
        each.attrib["class"]: (each.attrib["y"], each.attrib["height"])
        for each in root.iter(f"{SVG}rect")
        if each.attrib["class"] != "ground"
    }
    assert heights["b measured"] == ("50%", "50%")
    assert heights["b interpolated"] == ("75%", "25%")
    assert heights["b before"] == ("0%", "100%")
    (cross,) = marks(some_bars(), "missing")
    assert cross.attrib["x"] == "83.33%"


def test_what_is_endlessly_far_is_out_of_sight_and_nothing_else() -> None:
    assert "inf" not in some_intervals().svg
    assert "nan" not in some_intervals().svg


def test_only_the_last_of_several_plots_writes_its_time() -> None:
    texts = [each.text for each in tree(a_timeline().svg).iter(f"{SVG}text")]
    assert texts.count("x (ms)") == 1


def test_the_same_chart_is_the_same_text_and_another_has_another_id() -> None:
    assert a_scatter() == a_scatter()
    ids = {tree(make("a name").svg).attrib["aria-labelledby"] for make in ALL}
    assert len(ids) == len(ALL)


def test_all_shapes_and_hatches_that_charts_use_are_defined() -> None:
    known = {each.attrib.get("id") for each in tree(definitions()).iter()}
    for make in ALL:
        used = {each.attrib["href"] for each in tree(make().svg).iter(f"{SVG}use")}
        assert {each.removeprefix("#") for each in used} <= known
    assert "hatch" in known


@pytest.mark.parametrize(
    "mark", [each.value for each in Mark] + ["series-3", "band", "bar-measured"]
)
def test_a_line_of_a_legend_has_a_sample(mark: str) -> None:
    sample = tree(Key(mark=mark, text="what it is").sample)
    assert len(list(sample)) == 1
