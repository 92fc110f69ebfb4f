"""Pictures: every value stands where its axis says, and the whole is told in words."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from chartloop import drawing
from chartloop.drawing import Row, Scale
from chartloop.markup import Markup


def parsed(picture: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def found(picture: Markup, name: str) -> list[dict[str, str]]:
    return [dict(each.attrib) for each in parsed(picture).iter(name)]


def test_a_scale_goes_from_end_to_end_and_its_ticks_are_round() -> None:
    scale = Scale(0.52, 0.9, 100, 500)
    assert (scale.at(0.52), scale.at(0.9)) == (100, pytest.approx(500))
    assert scale.ticks() == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert Scale(0, 9000, 0, 1).ticks() == pytest.approx([0, 2000, 4000, 6000, 8000])


def test_a_scale_of_one_value_has_a_place_for_it() -> None:
    low, high = drawing.spread([0.0, 0.0])
    assert low < 0 < high and Scale(low, high, 0, 10).at(0) == pytest.approx(5)


def test_a_difference_stands_beside_its_zero() -> None:
    picture = drawing.intervals([Row("difference", 0.04, 0.01, 0.07, "better")], zero=True, said="in words")
    zero = next(float(line["x1"]) for line in found(picture, "line") if line["class"] == "zero")
    (point,) = found(picture, "circle")
    span = next(line for line in found(picture, "line") if line["class"] == "span" and line["x1"] != line["x2"])
    assert zero < float(span["x1"]) < float(point["cx"]) < float(span["x2"])
    assert parsed(picture).attrib["aria-label"] == "in words" and "+0.010 to +0.070" in picture


def test_a_value_without_an_interval_is_a_point_alone() -> None:
    picture = drawing.intervals([Row("candidate", 0.8)], said="x")
    assert len(found(picture, "circle")) == 1 and found(picture, "line") == []


def test_bars_are_as_long_as_their_values() -> None:
    widths = {each["class"]: float(each["width"]) for each in found(drawing.pair_of_bars(0.5, 0.25, said="x"), "rect")}
    assert widths["ours"] == pytest.approx(widths["track"] / 2) and widths["theirs"] == pytest.approx(widths["track"] / 4)
    assert "theirs" not in drawing.pair_of_bars(0.5, None, said="x")


def test_a_curve_goes_through_its_points_and_points_at_the_last() -> None:
    points = [(100.0, 0.5), (200.0, 0.7), (400.0, 0.8)]
    picture = drawing.curve({"candidate": points}, across="records", up="F1", said="x", last=points[-1])
    across = [float(each["cx"]) for each in found(picture, "circle")]
    up = [float(each["cy"]) for each in found(picture, "circle")]
    assert across[:3] == sorted(across[:3]) and up[:3] == sorted(up[:3], reverse=True)  # upwards is smaller
    assert (across[3], up[3]) == (across[2], up[2])


def test_bins_on_the_diagonal_agree() -> None:
    picture = drawing.reliability({"candidate": [(0.25, 0.25, 4), (0.75, 0.5, 16)]}, said="x")
    first, second = found(picture, "circle")
    (diagonal,) = [line for line in found(picture, "line") if line["class"] == "zero"]
    slope = (float(diagonal["y2"]) - float(diagonal["y1"])) / (float(diagonal["x2"]) - float(diagonal["x1"]))
    on = [float(diagonal["y1"]) + slope * (float(each["cx"]) - float(diagonal["x1"])) for each in (first, second)]
    assert on[0] == pytest.approx(float(first["cy"]), abs=0.1) and on[1] < float(second["cy"])
    assert float(second["r"]) > float(first["r"])


def test_bins_of_errors_lie_between_their_edges() -> None:
    bars = found(drawing.histogram([-1, 0, 1], [2, 4], across="days", said="x"), "rect")
    assert float(bars[1]["height"]) == pytest.approx(2 * float(bars[0]["height"]), rel=0.01)
    assert all(float(one["x"]) < float(other["x"]) for one, other in pairwise(bars))


def test_a_grid_shows_what_is_not_empty() -> None:
    cells = found(drawing.grid([0, 1, 2], [[4, 0], [1, 2]], across="predicted", up="true", said="x"), "rect")
    assert len(cells) == 3
    assert float(cells[0]["fill-opacity"]) == 1 and float(cells[0]["y"]) > float(cells[1]["y"])
