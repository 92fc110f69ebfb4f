"""Pictures of a report as inline SVG: intervals, bars, curves, bins. By classes alone, which report_style.py knows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chartloop.markup import Markup, element, joined

WIDTH = 500.0
LEFT, RIGHT = 100.0, 142.0
"""Of an interval's row: room for its name and for its figures."""
ROW = 34.0
CHART = (480.0, 260.0)
"""Width and height of a chart with two axes."""
MARGIN = (52.0, 16.0, 28.0, 44.0)
"""Of a chart: left, right, top, bottom."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From values to places on a line."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (self.end - self.start) * (value - self.low) / ((self.high - self.low) or 1.0)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values within, at most so many."""
        rough = (self.high - self.low) / most or 1.0
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [step * number for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def spread(values: Sequence[float], *, around: float = 0.12) -> tuple[float, float]:
    """(low, high) of an axis that shows the values with some room around them."""
    low, high = min(values), max(values)
    room = (high - low) * around or abs(high) * around or 1.0
    return low - room, high + room


@dataclass(frozen=True)
class Row:
    """A value with the bounds of its interval, where it has them."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    tone: str = ""

    @property
    def all(self) -> list[float]:
        return [one for one in (self.low, self.value, self.high) if one is not None]


def intervals(rows: Sequence[Row], *, zero: bool = False, said: str) -> Markup:
    """A row each on one axis; with `zero` the axis is a difference's."""
    scale = Scale(*spread([value for row in rows for value in row.all] + [0.0] * zero), LEFT, WIDTH - RIGHT)
    bottom = ROW * len(rows) + 6
    drawn = [_row(row, scale, ROW * (place + 0.5) + 6, signed=zero) for place, row in enumerate(rows)]
    axis = _zero(scale.at(0.0), bottom) if zero else joined(*_ticks(scale, bottom + 16))
    return picture(WIDTH, bottom + 22, said, axis, *drawn)


def _zero(x: float, bottom: float) -> Markup:
    line = element("line", class_="zero", x1=x, x2=x, y1=2, y2=bottom)
    return joined(line, element("text", "0: no difference", class_="note middle", x=x, y=bottom + 16))


def _ticks(scale: Scale, y: float) -> list[Markup]:
    return [element("text", number(value), class_="tick middle", x=scale.at(value), y=y) for value in scale.ticks()]


def _row(row: Row, scale: Scale, y: float, *, signed: bool) -> Markup:
    bar = []
    if row.low is not None and row.high is not None:
        low, high = scale.at(row.low), scale.at(row.high)
        bar = [element("line", class_="span", x1=low, x2=high, y1=y, y2=y)]
        bar += [element("line", class_="span", x1=end, x2=end, y1=y - 7, y2=y + 7) for end in (low, high)]
    shown = f"{row.value:+.3f}" if signed else f"{row.value:.3f}"
    bounds = "" if row.low is None or row.high is None else bounded(row.low, row.high, signed=signed)
    right = WIDTH - RIGHT + 14
    return element(
        "g",
        element("text", row.name, class_="name", x=4, y=y + 5),
        *bar,
        element("circle", class_="point", cx=scale.at(row.value), cy=y, r=6),
        element("text", element("tspan", shown, class_="strong"), class_="name", x=right, y=y - (2 if bounds else -5)),
        element("text", bounds, class_="tick", x=right, y=y + 13) if bounds else None,
        class_=f"row {row.tone}".rstrip(),
    )


def bounded(low: float, high: float, *, signed: bool) -> str:
    return f"{low:+.3f} to {high:+.3f}" if signed else f"{low:.3f} to {high:.3f}"


def pair_of_bars(ours: float | None, theirs: float | None, most: float = 1.0, *, said: str) -> Markup:
    """The candidate's bar above the champion's, from 0 to `most`."""
    bars = [("ours", ours, 3), ("theirs", theirs, 13)]
    drawn = [
        element("rect", class_=name, x=0, y=y, width=max(1.0, 160.0 * min(1.0, value / (most or 1.0))), height=8, rx=2)
        for name, value, y in bars
        if value is not None
    ]
    return picture(160, 24, said, element("rect", class_="track", x=0, y=3, width=160, height=18, rx=2), *drawn, small=True)


def curve(
    series: Mapping[str, Sequence[Point]], *, across: str, up: str, said: str, dots: bool = True, last: Point | None = None
) -> Markup:
    """Lines over two axes, at most three; `last` is a point to point at."""
    across_all, up_all = ([point[axis] for points in series.values() for point in points] for axis in (0, 1))
    x, y = _axes(spread(across_all, around=0.05), spread(up_all))
    drawn = [_line(points, x, y, f"series s{number}", dots=dots) for number, points in enumerate(series.values(), start=1)]
    here = [element("circle", class_="here", cx=x.at(last[0]), cy=y.at(last[1]), r=8)] if last else []
    return picture(*CHART, said, *_frame(x, y, across, up), *drawn, *here)


def _line(points: Sequence[Point], x: Scale, y: Scale, name: str, *, dots: bool) -> Markup:
    places = [(x.at(across), y.at(up)) for across, up in points]
    path = "M" + "L".join(f"{across:.1f},{up:.1f}" for across, up in places)
    circles = [element("circle", cx=across, cy=up, r=3.5) for across, up in places] if dots or len(places) == 1 else []
    return element("g", element("path", d=path), *circles, class_=name)


def reliability(series: Mapping[str, Sequence[tuple[float, float, int]]], *, said: str) -> Markup:
    """Share that is right over confidence, (confidence, share, how many) a bin; the diagonal is where they agree."""
    x, y = _axes((0.0, 1.0), (0.0, 1.0))
    diagonal = element("line", class_="zero", x1=x.at(0), y1=y.at(0), x2=x.at(1), y2=y.at(1))
    drawn = []
    for place, bins in enumerate(series.values(), start=1):
        most = max((count for *_, count in bins), default=1)
        drawn.append(_line([(sure, right) for sure, right, _ in bins], x, y, f"series thin s{place}", dots=False))
        circles = [
            element("circle", cx=x.at(sure), cy=y.at(right), r=2.5 + 7 * math.sqrt(count / most)) for sure, right, count in bins
        ]
        drawn.append(element("g", *circles, class_=f"bins s{place}"))
    return picture(*CHART, said, *_frame(x, y, "confidence", "share that is right"), diagonal, *drawn)


def histogram(edges: Sequence[float], counts: Sequence[int], *, across: str, said: str) -> Markup:
    """Bars of `counts` between `edges`, which are one more."""
    x, y = _axes((edges[0], edges[-1]), (0.0, max([1, *counts]) * 1.05))
    bars = [
        element("rect", class_="ours", x=x.at(low) + 1, y=y.at(count), width=max(1.0, x.at(high) - x.at(low) - 2),
                height=y.at(0) - y.at(count))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]  # fmt: skip
    zero = [element("line", class_="zero", x1=x.at(0), x2=x.at(0), y1=MARGIN[2], y2=y.at(0))] if edges[0] < 0 < edges[-1] else []
    return picture(*CHART, said, *_frame(x, y, across, "how many"), *bars, *zero)


def grid(edges: Sequence[float], counts: Sequence[Sequence[int]], *, across: str, up: str, said: str) -> Markup:
    """Squares as dark as they are full: `counts[row][column]`, rows upwards, both between `edges`; on the diagonal they agree."""
    x, y = _axes((edges[0], edges[-1]), (edges[0], edges[-1]))
    most = max((count for row in counts for count in row), default=1) or 1
    cells = [
        _cell(x, y, edges, row, column, count / most)
        for row, its in enumerate(counts)
        for column, count in enumerate(its)
        if count
    ]
    diagonal = element("line", class_="zero", x1=x.at(edges[0]), y1=y.at(edges[0]), x2=x.at(edges[-1]), y2=y.at(edges[-1]))
    return picture(*CHART, said, *_frame(x, y, across, up), *cells, diagonal)


def _cell(x: Scale, y: Scale, edges: Sequence[float], row: int, column: int, share: float) -> Markup:
    left, right, top, bottom = x.at(edges[column]), x.at(edges[column + 1]), y.at(edges[row + 1]), y.at(edges[row])
    full = 0.08 + 0.92 * math.sqrt(share)
    return element("rect", class_="ours", x=left, y=top, width=right - left, height=bottom - top, fill_opacity=full)


def _axes(across: tuple[float, float], up: tuple[float, float]) -> tuple[Scale, Scale]:
    (width, height), (left, right, top, bottom) = CHART, MARGIN
    return Scale(*across, left, width - right), Scale(*up, height - bottom, top)


def _frame(x: Scale, y: Scale, across: str, up: str) -> Iterable[Markup]:
    for value in y.ticks():
        yield element("line", class_="gridline", x1=x.start, x2=x.end, y1=y.at(value), y2=y.at(value))
        yield element("text", number(value), class_="tick end", x=x.start - 6, y=y.at(value) + 4)
    for value in x.ticks(6):
        yield element("text", number(value), class_="tick middle", x=x.at(value), y=y.start + 16)
    yield element("line", class_="axis", x1=x.start, x2=x.end, y1=y.start, y2=y.start)
    yield element("text", across, class_="note middle", x=(x.start + x.end) / 2, y=y.start + 36)
    yield element("text", up, class_="note", x=4, y=y.end - 14)


def picture(width: float, height: float, said: str, *drawn: object, small: bool = False) -> Markup:
    """An image that says in words what it shows."""
    kind = "small" if small else None
    return element("svg", *drawn, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=said, class_=kind)


def number(value: float) -> str:
    """As short as it can be told: 12,000, 0.25."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{round(value, 6):g}"
