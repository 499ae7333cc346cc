"""Draws the results as two small SVG files, with nothing but Python's own library.

    python3 benches/compare/plots.py RESULTS.json FOLDER
"""

from __future__ import annotations

import json
import math
import sys
from html import escape
from pathlib import Path

Line = tuple[str, list[tuple[float, float]]]
"""A name and its points."""

WIDTH, HEIGHT = 860, 420

LEFT, RIGHT, TOP, BOTTOM = 62, 520, 44, 364
"""The edges of the plot; the names stand to the right of it."""

NAMES_AT = RIGHT + 46

NAME_GAP = 19
"""Pixels between two names, at least."""

OURS = ["#e03131", "#f08c00"]
"""Colours of longmem's own lines, which are thick."""

PEERS = ["#1c7ed6", "#0ca678", "#ae3ec9", "#868e96", "#66a80f", "#a9785a", "#15aabf", "#7048e8"]
"""Colours of the others. All are readable on white and on black."""

STYLE = """text{font:13px system-ui,sans-serif;fill:#333}.title{font-size:15px;font-weight:600}
.ours{font-weight:600}.grid{stroke:#8884}path{fill:none;stroke-width:1.5;stroke-linejoin:round}
.thick{stroke-width:3.5}.leader{stroke-width:1;stroke-dasharray:2 3}
@media(prefers-color-scheme:dark){text{fill:#ddd}}"""


def write(results: dict, folder: Path) -> None:
    """Writes a plot for each part that was measured."""
    if "embedding" in results:
        (folder / "throughput.svg").write_text(throughput(results["embedding"]))
    if "search" in results:
        (folder / "latency.svg").write_text(latency(results["search"]))


def throughput(part: dict) -> str:
    """Texts a second over the texts' length."""
    lengths = [label for label in part["sets"] if label.isdigit()]
    lines = [
        (name, [(part["sets"][label]["tokens"], stack["texts_per_second"][label])
                for label in lengths])
        for name, stack in part["stacks"].items()
    ]
    title = "Embedding: throughput over text length"
    return chart(title, "tokens of a text", "texts a second", [int(label) for label in lengths], lines)


def latency(part: dict) -> str:
    """Milliseconds of a query over the number of vectors."""
    cases = [case for case in part["cases"] if case["users"] == 1]
    names = dict.fromkeys(name for case in cases for name in case["stacks"])
    lines = [
        (name, [(case["vectors"], case["stacks"][name]["p50_ms"])
                for case in cases if name in case["stacks"]])
        for name in names
    ]
    sizes = [case["vectors"] for case in cases]
    return chart("Search: latency over store size", "vectors", "milliseconds of a query", sizes, lines)


class Scale:
    """A logarithmic axis: places of values in pixels."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        """Puts the smallest value near the start and the greatest near the end."""
        self.low, self.high = math.log10(min(values)), math.log10(max(values))
        margin = 12 if end > start else -12
        self.start, self.length = start + margin, end - start - 2 * margin

    def place(self, value: float) -> float:
        """The pixel of a value."""
        share = (math.log10(value) - self.low) / ((self.high - self.low) or 1)
        return round(self.start + share * self.length, 1)

    def decades(self) -> list[float]:
        """The powers of ten between the ends."""
        return [10.0**power for power in range(math.ceil(self.low), math.floor(self.high) + 1)]


def chart(title: str, x_name: str, y_name: str, x_ticks: list[int], lines: list[Line]) -> str:
    """A plot with logarithmic axes, on which each line has its name at its right."""
    lines = [line for line in lines if line[1]]
    xs = Scale([x for _, points in lines for x, _ in points], LEFT, RIGHT)
    ys = Scale([y for _, points in lines for _, y in points], BOTTOM, TOP)
    parts = [text(LEFT, 24, title, "title"), text((LEFT + RIGHT) / 2, HEIGHT - 12, x_name, "", "middle"),
             text(LEFT, TOP - 4, y_name)]
    for tick in x_ticks:
        x = xs.place(tick)
        parts += [rule(x, TOP, x, BOTTOM), text(x, BOTTOM + 18, f"{tick:,}", "", "middle")]
    for tick in ys.decades():
        y = ys.place(tick)
        parts += [rule(LEFT, y, RIGHT, y), text(LEFT - 6, y + 4, f"{tick:,g}", "", "end")]
    # Lines are named in the order in which they end, from top to bottom.
    ends = sorted(range(len(lines)), key=lambda line: ys.place(lines[line][1][-1][1]))
    name_places = dict(zip(ends, spread([ys.place(lines[line][1][-1][1]) for line in ends])))
    for line, (name, points) in enumerate(lines):
        parts += drawn(name, [(xs.place(x), ys.place(y)) for x, y in points], colour(lines, line),
                       name_places[line])
    view = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f"<svg {view}>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"


def is_ours(name: str) -> bool:
    """Whether it is longmem."""
    return name.startswith("longmem")


def colour(lines: list[Line], line: int) -> str:
    """A colour of its own for each line."""
    alike = [other for other, (name, _) in enumerate(lines) if is_ours(name) == is_ours(lines[line][0])]
    colours = OURS if is_ours(lines[line][0]) else PEERS
    return colours[alike.index(line) % len(colours)]


def drawn(name: str, points: list[tuple[float, float]], stroke: str, name_at: float) -> list[str]:
    """A line with its points and its name, and a dotted leader from its end to the name."""
    course = "M" + " ".join(f"{x:g},{y:g}" for x, y in points)
    thick = ' class="thick"' if is_ours(name) else ""
    radius = 4 if is_ours(name) else 3
    dots = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{radius}"/>' for x, y in points)
    (x, y), end = points[-1], NAMES_AT - 6
    leader = f'<path class="leader" stroke="{stroke}" d="M{x:g},{y:g} {end:g},{name_at:g}"/>'
    line = f'<g fill="{stroke}" stroke="{stroke}"><path{thick} d="{course}"/>{dots}</g>'
    return [leader, line, text(NAMES_AT, name_at + 4, name, "ours" if is_ours(name) else "")]


def spread(places: list[float]) -> list[float]:
    """Ascending places, moved apart until names at them do not overlap, as little as that takes."""
    lowest = BOTTOM - NAME_GAP * (len(places) - 1)
    moved: list[float] = []
    for number, place in enumerate(places):
        limit = lowest + NAME_GAP * number
        after = moved[-1] + NAME_GAP if moved else TOP
        moved.append(round(max(after, min(place, limit)), 1))
    return moved


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "") -> str:
    """A piece of text."""
    more = (f' class="{kind}"' if kind else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:g}" y="{y:g}"{more}>{escape(content, quote=False)}</text>'


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    """A line of the grid."""
    return f'<path class="grid" d="M{x1:g},{y1:g} {x2:g},{y2:g}"/>'


if __name__ == "__main__":
    write(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
