"""Small charts as Markdown pictures, for the metadata of assets."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIMIT = 100_000  # characters; the UI fetches metadata as a whole
SIZE = (6.4, 3.2)
BLUE, ORANGE, GREY = "#3b6ea5", "#e07b39", "#b3bcc6"
"""The usual colour, what is set apart, and what it is compared with."""


def line_chart(
    lines: Mapping[str, Sequence[float]], x: str, y: str, first: int = 0, title: str = ""
) -> dg.MarkdownMetadataValue:
    """One line a series over positions that start at `first`.

    Args:
        lines: values by name; shown in a legend where there are several.
        x: what positions are.
        y: what values are.
        first: the first position, 1 for epochs.
        title: above the picture.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = _empty(x, y)
    colors = [BLUE, ORANGE, *([GREY] * len(lines))]
    for color, (name, values) in zip(colors, lines.items(), strict=False):
        marker = "o" if len(values) < 30 else ""
        axes.plot(range(first, first + len(values)), values, marker=marker, markersize=4, color=color, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(lines) > 1:
        axes.legend(fontsize=9, frameon=False)
    return _picture(figure, title or f"{y} by {x}")


def day_chart(counts: Mapping[str, float], y: str, title: str = "") -> dg.MarkdownMetadataValue:
    """One bar a day.

    Args:
        counts: value by day (`YYYY-MM-DD`).
        y: what values are.
        title: above the picture.
    """
    from matplotlib import dates

    figure, axes = _empty("day", y)
    axes.bar(dates.datestr2num(list(counts)) if counts else [], list(counts.values()), width=0.85, color=BLUE)
    locator = dates.AutoDateLocator(maxticks=8)
    locator.intervald[dates.HOURLY] = [24]  # bars are days; without it no tick fits four of them
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    _thousands(axes, dated=True)
    return _picture(figure, title or f"{y} by day")


def hour_chart(groups: Mapping[str, Sequence[float]], y: str, title: str = "") -> dg.MarkdownMetadataValue:
    """One bar an hour of a day, groups upon one another.

    Args:
        groups: 24 values by name; named in a legend where there are several.
        y: what values are.
        title: above the picture.
    """
    import numpy as np

    figure, axes = _empty("hour (UTC)", y)
    below = np.zeros(24)
    for color, (name, values) in zip([BLUE, ORANGE, *([GREY] * len(groups))], groups.items(), strict=False):
        axes.bar(np.arange(24), values, bottom=below, width=0.85, color=color, label=name)
        below += values
    axes.set_xticks(range(0, 24, 3))
    axes.set_xlim(-0.7, 23.7)
    if len(groups) > 1:
        axes.legend(fontsize=9, frameon=False)
    _thousands(axes)
    return _picture(figure, title or f"{y} by hour")


def bar_chart(
    bars: Mapping[str, float], y: str, highlight: str | None = None, title: str = ""
) -> dg.MarkdownMetadataValue:
    """One horizontal bar a name with its value, in the order given.

    Args:
        bars: value by name.
        y: what values are.
        highlight: the bar to set apart.
        title: above the picture.
    """
    figure, axes = _empty(y, "")
    names = list(bars)[::-1]
    colors = [ORANGE if name == highlight else BLUE if highlight is None else GREY for name in names]
    drawn = axes.barh(names, [bars[name] for name in names], color=colors)
    axes.bar_label(drawn, fmt="%.3f", padding=3, fontsize=9)
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    return _picture(figure, title or y)


def histogram(
    values: Any, x: str, y: str = "count", bins: int = 40, log: bool = False, title: str = ""
) -> dg.MarkdownMetadataValue:
    """How often values occur.

    Args:
        values: array `[n]`.
        x: what values are.
        y: what is counted.
        bins: number of bars.
        log: whether counts are on a logarithmic axis, for long tails.
        title: above the picture.
    """
    figure, axes = _empty(x, y)
    axes.hist(values, bins=bins, log=log and len(values) > 0, color=BLUE)
    _thousands(axes)
    return _picture(figure, title or f"{y} by {x}")


def densities(groups: Mapping[str, Any], x: str, bins: int = 40, title: str = "") -> dg.MarkdownMetadataValue:
    """How often values occur in each of two groups, as shares of the group, so that small ones can be seen.

    Args:
        groups: arrays `[n]` by name, the one to set apart first; empty ones are left out.
        x: what values are.
        bins: number of bars, the same for all groups.
        title: above the picture.
    """
    import numpy as np

    figure, axes = _empty(x, "share of the group")
    shown = {name: np.asarray(values) for name, values in groups.items() if len(values)}
    edges = np.histogram_bin_edges(np.concatenate([*shown.values()]) if shown else [], bins).tolist()
    for color, (name, values) in zip([ORANGE, BLUE, GREY], shown.items(), strict=False):
        weights = np.full(len(values), 1 / len(values))
        axes.hist(values, edges, weights=weights, alpha=0.6, color=color, label=f"{name} ({len(values):,})")
    if shown:
        axes.legend(fontsize=9, frameon=False)
    return _picture(figure, title or x)


def _empty(x: str, y: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # without pyplot there is no window system and no global state

    figure = Figure(figsize=SIZE, dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    return figure, axes


def _thousands(axes: Axes, dated: bool = False) -> None:
    """`4,000` rather than `4000` on linear axes of counts."""
    from matplotlib.ticker import StrMethodFormatter

    if axes.get_yscale() == "linear" and axes.get_ylim()[1] >= 1_000:
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if axes.get_xlim()[1] >= 1_000 and not dated:
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _picture(figure: Figure, title: str) -> dg.MarkdownMetadataValue:
    stream = io.BytesIO()
    figure.axes[0].set_title(title, loc="left", fontsize=11)
    figure.savefig(stream, format="png")
    text = base64.b64encode(stream.getvalue()).decode()
    if len(text) > LIMIT:
        raise ValueError(f"The picture {title!r} has {len(text)} characters, expected at most {LIMIT}.")
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{text})")
