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
SIZE = (6.4, 3.0)


def line_chart(lines: Mapping[str, Sequence[float]], x: str, y: str, first: int = 0) -> dg.MarkdownMetadataValue:
    """One line a series over positions that start at `first`.

    Args:
        lines: values by name; shown in a legend where there are several.
        x: what positions are.
        y: what values are.
        first: the first position, 1 for epochs.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = _empty(x, y)
    for name, values in lines.items():
        marker = "." if len(values) < 30 else ""
        axes.plot(range(first, first + len(values)), values, marker=marker, label=name)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(lines) > 1:
        axes.legend(fontsize=8, frameon=False)
    return _picture(figure, f"{y} by {x}")


def day_chart(counts: Mapping[str, float], y: str) -> dg.MarkdownMetadataValue:
    """One bar a day.

    Args:
        counts: value by day (`YYYY-MM-DD`).
        y: what values are.
    """
    import matplotlib.dates as dates

    figure, axes = _empty("day", y)
    axes.bar(dates.datestr2num(list(counts)) if counts else [], list(counts.values()), width=0.9)
    axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=8))
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    return _picture(figure, f"{y} by day")


def bar_chart(bars: Mapping[str, float], y: str, highlight: str | None = None) -> dg.MarkdownMetadataValue:
    """One horizontal bar a name, in the order given.

    Args:
        bars: value by name.
        y: what values are.
        highlight: the bar to set apart.
    """
    figure, axes = _empty(y, "")
    names = list(bars)[::-1]
    colors = ["tab:orange" if name == highlight else "tab:blue" for name in names]
    axes.barh(names, [bars[name] for name in names], color=colors)
    axes.tick_params(labelsize=8)
    return _picture(figure, y)


def histogram(values: Any, x: str, y: str = "count", bins: int = 40, log: bool = False) -> dg.MarkdownMetadataValue:
    """How often values occur.

    Args:
        values: array `[n]`.
        x: what values are.
        y: what is counted.
        bins: number of bars.
        log: whether counts are on a logarithmic axis, for long tails.
    """
    figure, axes = _empty(x, y)
    axes.hist(values, bins=bins, log=log and len(values) > 0)
    return _picture(figure, f"{y} by {x}")


def _empty(x: str, y: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure  # without pyplot there is no window system and no global state

    figure = Figure(figsize=SIZE, dpi=100, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    return figure, axes


def _picture(figure: Figure, title: str) -> dg.MarkdownMetadataValue:
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    text = base64.b64encode(stream.getvalue()).decode()
    if len(text) > LIMIT:
        raise ValueError(f"The picture {title!r} has {len(text)} characters, expected at most {LIMIT}.")
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{text})")
