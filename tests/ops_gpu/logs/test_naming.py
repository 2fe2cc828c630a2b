from __future__ import annotations

import pytest

from ops_gpu.logs import EntityTable, InteractionLog, LogError, LogSource
from ops_gpu.logs.naming import named_in, setting_of

LOG = InteractionLog(
    LogSource("x.csv"), user="u", item="i", time="t", label="r >= 8", filters=["q > 0", "p > 0"], unique=["n"]
)
ITEMS = EntityTable(LogSource("i.csv"), id="i", title="name", available="stock > 0", lists=["tags"])


@pytest.mark.parametrize(
    ("column", "setting"),
    [("u", "user: u"), ("r", "label: r >= 8"), ("p", "filters: p > 0"), ("n", "unique: n"), ("x", None)],
)
def test_settings_of_a_log(column: str, setting: str | None) -> None:
    assert setting_of(column, LOG) == setting


@pytest.mark.parametrize(
    ("column", "setting"),
    [("i", "id: i"), ("name", "title: name"), ("stock", "available: stock > 0"), ("tags", "lists: tags")],
)
def test_settings_of_a_table(column: str, setting: str) -> None:
    assert setting_of(column, ITEMS) == setting


def test_an_error_tells_the_setting() -> None:
    with pytest.raises(LogError, match=r"no column 'q'; correct it \(filters: q > 0\)\.$"), named_in(LOG):
        raise LogError("no column 'q'; correct it.", "q")
    with pytest.raises(LogError, match=r"^damaged\.$"), named_in(LOG):
        raise LogError("damaged.")
