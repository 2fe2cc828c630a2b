from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ops_gpu.features.days.event_features import EventFeatures
from ops_gpu.features.feature_table import UNKNOWN_CODE
from ops_gpu.features.training_rows import HISTORY, Columns, TrainingRows
from ops_gpu.interactions.events import DAY
from ops_gpu.models.training.framework_batches import dense
from ops_gpu.models.training.parquet_rows import ParquetRows
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import Domain
from tests.ops_gpu.day_files import write_days
from tests.ops_gpu.heart import CONFIG, CUT, Heart

RANGES = [(None, CUT), (CUT - 2 * DAY - 5_000, CUT - 3_000)]


@pytest.fixture(scope="module")
def rows(heart: Heart, tmp_path_factory: pytest.TempPathFactory) -> ParquetRows:
    data, folder, files = heart.data, tmp_path_factory.mktemp("rows"), {}
    past = write_days(heart.interactions, folder / "files", CONFIG.candidates.snapshot)
    made = EventFeatures(past, data.users, data.items, heart.workflow, CONFIG.history_length)
    for day, frame in made.of(sorted(past.events)):
        files[day] = folder / f"{day}.parquet"
        frame.write_parquet(files[day])
    schema = data.user_schema + data.item_schema
    return ParquetRows.of(files, schema, data.items.size, heart.workflow.output_schema)


def whole(rows: TrainingRows, heart: Heart) -> dict[str, Any]:
    """All rows, in an order that does not depend on how they are read."""
    [batch] = rows.batches(batch_size=10**6, seed=1)
    widths = {name: table.shape[1] for name, table in heart.data.items.columns.items() if table.ndim == 2}
    found = dense(batch, widths | {HISTORY: CONFIG.history_length})
    order = np.lexsort((*found[HISTORY].T, found["item_id"], found["user_id"]))
    return {name: values[order] for name, values in found.items()}


@pytest.mark.parametrize(("start", "end"), RANGES)
def test_files_hold_what_is_gathered_in_memory(rows: ParquetRows, heart: Heart, start: int | None, end: int) -> None:
    one, other = rows.between(start, end), heart.data.rows.between(start, end)
    np.testing.assert_array_equal(one.item_counts(), other.item_counts())
    mine, theirs = whole(one, heart), whole(other, heart)
    assert set(mine) == set(theirs)
    for name, values in mine.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)


def test_a_range_within_a_range(rows: ParquetRows) -> None:
    assert len(rows.between(None, CUT).between(CUT - DAY, CUT + DAY)) == len(rows.between(CUT - DAY, CUT)) > 0
    assert len(rows.between(CUT - DAY, CUT).between(None, CUT + DAY)) == len(rows.between(CUT - DAY, CUT))


def test_epochs_have_orders_of_their_own(rows: ParquetRows) -> None:
    def items(batch: Columns) -> list[int]:
        values = batch["item_id"]
        assert not isinstance(values, Ragged)
        return values.tolist()  # type: ignore[no-any-return]

    batches = rows.between(None, CUT).batches(256, seed=7)
    first, second = ([items(batch) for batch in batches] for _ in range(2))
    assert len(first) == len(batches) and first != second
    assert first == [items(batch) for batch in rows.between(None, CUT).batches(256, seed=7)]


def test_codes_that_were_given_out_later_are_unknown(rows: ParquetRows, heart: Heart) -> None:
    """To a model with room for half of the items."""
    made_by, room = heart.workflow.output_schema, heart.data.items.size // 2
    columns = made_by.with_columns([made_by["item_id"].with_domain(Domain(0, room - 1))])
    [batch] = ParquetRows.of(rows.files, columns, room, made_by).between(None, CUT).batches(10**6, seed=1)
    history, item = batch[HISTORY], batch["item_id"]
    assert isinstance(history, Ragged) and not isinstance(item, Ragged)
    assert history.values.max() < room and item.max() < room
    expected = heart.data.rows.between(None, CUT).item_counts()
    assert np.bincount(item, minlength=room)[3:].tolist() == expected[3:room].tolist()
    assert (item == UNKNOWN_CODE).sum() == expected[room:].sum() > 0
