from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import pearsonr

from ops_gpu.evaluation.backtest import evaluate_as_of
from ops_gpu.features.entity_workflow import continue_workflow, fit_workflow, learn
from ops_gpu.graph.node import Node
from ops_gpu.operators import Categorify, JoinGroupby, LogOp, Normalize, TargetEncoding
from ops_gpu.schema.raw_schema import joined, raw_schema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.workflow import Workflow
from tests.ops_gpu.heart import CONFIG, CUT, END, TOWERS, Heart

COUNT = "item_id_count"


def two_levels(schema: Schema) -> Node:
    """Codes, and how often an item occurs: a scale that learns from what another operator has learned."""
    return (["user_id", "item_id"] >> Categorify()) + (["item_id"] >> JoinGroupby() >> LogOp() >> Normalize())


def three_levels(schema: Schema) -> Node:
    codes = ["user_id", "item_id"] >> Categorify()
    return codes + (codes["item_id"] >> TargetEncoding("label") >> Normalize())


def unfitted(heart: Heart, graph: object = default_workflow) -> Workflow:
    schema = raw_schema(heart.demo.users, heart.demo.items)
    return Workflow(graph(schema), schema)  # type: ignore[operator]


def values(workflow: Workflow, items: pl.DataFrame) -> list[float]:
    return list(workflow.for_inputs(items.columns).transform(items)[COUNT])


def test_one_level_is_what_merged_statistics_give(heart: Heart) -> None:
    users, items, events = heart.demo.users, heart.demo.items, heart.interactions
    fitted = fit_workflow(events, users, items, unfitted(heart))
    fresh = unfitted(heart)
    days = [fresh.partial(joined(part, users, items)) for part in (events.head(100), events.slice(100))]
    known = [fresh.for_inputs(frame.columns).partial(frame, weight=0) for frame in (users, items)]
    merged = fresh.finalize(Statistics.merge([*days, *known]))
    mine, other = (workflow.transform(joined(events, users, items)) for workflow in (fitted, merged))
    assert_frame_equal(mine, other, rel_tol=1e-6)  # codes exactly; sums of fractions depend on their order


@pytest.mark.parametrize("graph", [two_levels, three_levels])
def test_every_user_and_item_has_a_code_whatever_the_levels(heart: Heart, graph: object) -> None:
    users, items = heart.demo.users, heart.demo.items
    few = heart.interactions.head(500)
    workflow = fit_workflow(few, users, items, unfitted(heart, graph))
    for key, frame in (("user_id", users), ("item_id", items)):
        vocabulary = workflow.vocabulary(key)
        assert set(vocabulary) == set(frame[key]) and set(vocabulary.head(few[key].n_unique())) == set(few[key])


def test_going_on_keeps_codes_and_scales_and_counts_anew(heart: Heart) -> None:
    users, items, events = heart.demo.users, heart.demo.items, heart.interactions
    workflow = fit_workflow(events.head(500), users, items, unfitted(heart, two_levels))
    codes = workflow.vocabulary("item_id")
    continue_workflow(events, users, items, workflow)
    assert workflow.vocabulary("item_id").equals(codes)
    anew = fit_workflow(events, users, items, unfitted(heart, two_levels))
    assert not anew.vocabulary("item_id").equals(codes)
    mine, theirs = values(workflow, items), values(anew, items)
    assert mine != theirs and pearsonr(mine, theirs).statistic == pytest.approx(1)  # the same counts on another scale


def test_new_codes_come_last(heart: Heart) -> None:
    users, items, events = heart.demo.users, heart.demo.items, heart.interactions.head(500)
    some = items.filter(pl.col("item_id") > 20)
    known = events.filter(pl.col("item_id") > 20)
    workflow = fit_workflow(known, users, some, unfitted(heart, three_levels))
    codes = workflow.vocabulary("item_id")
    continue_workflow(events, users, items, workflow)
    after = workflow.vocabulary("item_id")
    assert after.head(len(codes)).equals(codes)
    assert set(after.tail(len(after) - len(codes))) == set(range(1, 21))


@pytest.mark.parametrize("graph", [two_levels, three_levels])
def test_graphs_of_several_levels_are_evaluated(heart: Heart, graph: object) -> None:
    quick = replace(
        CONFIG,
        retrieval={"two_tower": replace(TOWERS, epochs=1)},
        ranking=replace(CONFIG.ranking, epochs=1, moments=1),
    )
    found = evaluate_as_of(
        heart.interactions,
        heart.demo.users,
        heart.demo.items,
        graph,  # type: ignore[arg-type]
        quick,
        CUT,
        END,
    )
    assert len(found.evaluation.users) > 100


def test_scales_stay_and_codes_are_appended_until_the_next_full_fit(heart: Heart) -> None:
    """What models take for a high price stays one, whatever is sold later."""
    users, items, events = heart.demo.users, heart.demo.items, heart.interactions
    dear = items.with_columns(pl.col("price") * 100)
    later = joined(events, users, dear)
    fitted = fit_workflow(events.head(100), users.head(0), items.head(0), unfitted(heart))
    before = fitted.for_inputs(items.columns).transform(items)["price"]
    codes = list(fitted.vocabulary("item_id"))
    learn(fitted, [fitted.partial(later)], users, dear)
    assert fitted.for_inputs(items.columns).transform(items)["price"].equals(before)
    assert list(fitted.vocabulary("item_id"))[: len(codes)] == codes and len(fitted.vocabulary("item_id")) > len(codes)
    moved = unfitted(heart).finalize(Statistics.merge([unfitted(heart).partial(later)]))
    assert not moved.for_inputs(items.columns).transform(items)["price"].equals(before)


def test_scales_are_those_of_rows_as_they_stood_on_their_day(heart: Heart) -> None:
    """Read as of each day, all rows together have a mean of 0 and a spread of 1; as all days teach, they would not."""
    users, items, events = heart.demo.users, heart.demo.items, heart.interactions.sort("timestamp")
    workflow = fit_workflow(events, users, items, unfitted(heart, two_levels))
    taught, found = None, []
    for (_,), day in events.group_by(pl.col("timestamp").dt.date(), maintain_order=True):
        rows = joined(day, users, items)
        found.append(workflow.as_of(taught).transform(rows)[COUNT])
        parts = [*([taught] if taught else []), workflow.partial(rows).only(workflow.as_of_nodes)]
        taught = Statistics.merge(parts)
    values = pl.concat(found)
    assert len(values) == events.height and len(found) > 20
    assert values.mean() == pytest.approx(0, abs=1e-4) and values.std() == pytest.approx(1, abs=1e-3)
    whole = workflow.transform(joined(events, users, items))[COUNT]
    assert whole.mean() > 0.5  # type: ignore[operator]
    continued = continue_workflow(events.tail(2_000), users, items, workflow.copy())
    rows = joined(events.head(100), users, items)
    scale = [w.as_of(None).transform(rows)[COUNT].mean() for w in (workflow, continued)]
    assert scale[0] == scale[1]  # a workflow that goes on keeps it
