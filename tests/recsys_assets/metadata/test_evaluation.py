from __future__ import annotations

from recsys_assets.metadata.evaluation import by_method, methods_table

METRICS = {f"{name}@{k}": 0.2 for name in ("recall", "ndcg", "hit") for k in (10, 20)}
FULL = METRICS | {f"{name}_se": 0.01 for name in METRICS} | {"users": 50.0}
REPORT = {
    "final": FULL,
    "retrieval": FULL,
    "baselines": {"popularity_7d": FULL},
    "new_users": {"users": 0},
    "live": {"against": "nothing"},
}


def test_the_final_list_comes_first_and_new_users_last() -> None:
    assert list(by_method(REPORT)) == ["final list", "retrieval order", "popularity 7d", "new users"]


def test_means_stand_with_their_errors_and_what_was_not_measured_is_empty() -> None:
    lines = methods_table(REPORT).splitlines()
    assert "0.200±0.010" in lines[2]
    assert lines[-1].startswith("| new users | 0 |  |")
