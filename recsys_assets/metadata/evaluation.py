"""The evaluation report, as metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from recsys_assets.metadata.pictures import bar_chart
from recsys_assets.metadata.tables import rounded, table

METRICS = ("recall@20", "ndcg@20", "recall@10", "ndcg@10")
SHORT = ("recall@20", "ndcg@20")
"""As many as fit into the column of the UI; it cuts wider tables off."""
ALL = (*METRICS, "hit@20", "mrr@20", "hit@10", "mrr@10")
"""Those of the table that the UI opens in a window of its own."""


def evaluation_metadata(report: Mapping[str, Any]) -> dict[str, Any]:
    """Tables and charts of all methods, and the challenger's own numbers to plot over time."""
    methods = by_method(report)
    values = {name: rounded(report["final"][name]) for name in METRICS}
    return {
        "users": int(report["final"]["users"]),
        **{name.replace("@", "_at_"): value for name, value in values.items()},
        "methods": dg.MetadataValue.md(methods_table(report, SHORT)),
        "all_metrics": dg.MetadataValue.md(methods_table(report, ALL)),
        "recall": bar_chart(_values(methods, "recall@20"), "recall@20", "final list", "Recall@20 by method"),
        "ndcg": bar_chart(_values(methods, "ndcg@20"), "NDCG@20", "final list", "NDCG@20 by method"),
        "beside_live": beside_live(report["live"]),
    }


def beside_live(result: Mapping[str, Any]) -> str:
    """The challenger and the release that is live, in a sentence."""
    if result["against"] == "nothing":
        return f"not compared: {result['because']}"
    return (
        f"NDCG@20 {result['candidate']:.4f}, live {result['champion']:.4f} "
        f"(difference {result['difference']:+.4f} ± {result['standard_error']:.4f}, {result['users']:,} users)"
    )


def methods_table(report: Mapping[str, Any], metrics: Sequence[str] = METRICS) -> str:
    """One row a method: metrics with their standard errors."""
    rows = [
        [name, int(found.get("users", 0)), *(with_error(found, metric) for metric in metrics)]
        for name, found in by_method(report).items()
    ]
    return table(["method", "users", *metrics], rows)


def by_method(report: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Metrics by method: the final list first, then the stage before it, baselines and new users."""
    found = {"final list": report["final"], "retrieval order": report["retrieval"]}
    found |= {name.replace("_", " "): metrics for name, metrics in report["baselines"].items()}
    return found | {"new users": report["new_users"]}


def with_error(metrics: Mapping[str, float], name: str) -> str:
    """`0.213±0.004`, without spaces so that no table breaks it; empty where it was not measured."""
    if name not in metrics:
        return ""
    return f"{metrics[name]:.3f}±{metrics[f'{name}_se']:.3f}"


def _values(methods: Mapping[str, Mapping[str, float]], metric: str) -> dict[str, float]:
    return {name: float(found[metric]) for name, found in methods.items() if metric in found}
