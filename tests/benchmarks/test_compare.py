from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.compare import BETTER, WORSE, chosen, comparison, heading, main, verdict, warnings
from benchmarks.results import Figure, Machine, Run, fact, larger, smaller

MACHINE = Machine("A CPU", 2, 24.0, "3.11.9")
OLD = Run("etl", "c0ffee" * 6, False, "2024-01-01T00:00:00Z", MACHINE, (), (smaller("p50", 2, "ms"),))
NEW = replace(OLD, date="2024-01-02T00:00:00Z")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the results, in the place of this checkout's own."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["compare.py", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (smaller("", 100), smaller("", 110), ""),
        (smaller("", 100), smaller("", 110.1), WORSE),
        (smaller("", 100), smaller("", 89.9), BETTER),
        (larger("", 100), larger("", 90), ""),
        (larger("", 100), larger("", 89.9), WORSE),
        (larger("", 100), larger("", 110.1), BETTER),
        (fact("", 100), fact("", 1), ""),
        (smaller("", 0), smaller("", 0), ""),
        (smaller("", 0), smaller("", 1), WORSE),
        (larger("", 0), larger("", 1), BETTER),
        (smaller("", -1), smaller("", -2), BETTER),
        (smaller("", -1), smaller("", -0.5), WORSE),
        (smaller("", 1), smaller("", float("nan")), ""),
    ],
)
def test_worse_is_what_loses_more_than_the_tolerance(old: Figure, new: Figure, expected: str) -> None:
    assert verdict(old, new, 0.1) == expected


def test_a_table_holds_the_figures_of_both() -> None:
    old = replace(OLD, figures=(smaller("p50", 2, "ms"), smaller("[size]", 1, "MB"), fact("gone", 3)))
    new = replace(OLD, figures=(smaller("p50", 3, "ms"), smaller("[size]", 0.4, "GB"), fact("newly", -4)))
    table, worse = comparison(old, new, 0.1)
    cells = list(zip(*(column.cells for column in table.columns), strict=True))
    assert cells == [
        ("p50", "ms", "2", "3", "1.500", WORSE),
        (r"\[size]", "MB", "1", "", "", "gone"),
        ("gone", "", "3", "", "", "gone"),
        (r"\[size]", "GB", "", "0.4", "", "new"),
        ("newly", "", "", "-4", "", "new"),
    ]
    assert worse == 1


def test_two_programs_are_not_compared() -> None:
    with pytest.raises(ValueError, match="etl and client measure different things"):
        comparison(OLD, replace(OLD, program="client"), 0.1)


def test_it_is_said_what_makes_a_comparison_doubtful() -> None:
    assert warnings(OLD, NEW) == []
    other = replace(OLD, machine=replace(MACHINE, cores=4), arguments=("--rows", "5"))
    assert warnings(OLD, other) == ["The machines differ.", "The programs were given different arguments."]


def test_a_heading_says_where_figures_come_from() -> None:
    run = replace(OLD, dirty=True, arguments=("--rows", "5"))
    assert heading("old", run) == (
        "old: 2024-01-01T00:00:00Z, commit c0ffeec0ff, with files edited since; "
        "A CPU, 2 cores, 24 GB, Python 3.11.9, asked for --rows 5"
    )
    assert "no commit known;" in heading("old", replace(OLD, commit=None, dirty=None))


def test_the_exit_code_says_whether_something_is_worse(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = str(OLD.keep(OLD.figures)), str(NEW.keep([smaller("p50", 2.5, "ms")]))
    assert call(monkeypatch, old, new) == 1
    shown = capsys.readouterr().out
    assert "1.250" in shown and "worse" in shown and "1 of 1 figures are worse by more than 10%." in shown
    assert call(monkeypatch, new, old) == 0
    assert call(monkeypatch, old, new, "--tolerance", "0.3") == 0
    assert "0 of 1 figures are worse by more than 30%." in capsys.readouterr().out


def test_a_program_stands_for_its_two_newest(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    OLD.keep([smaller("p50", 9, "ms")])
    assert call(monkeypatch, "etl") == 2
    assert "There are no two runs of etl in" in capsys.readouterr().err
    NEW.keep(OLD.figures)
    replace(NEW, date="2024-01-03T00:00:00Z").keep([smaller("p50", 3, "ms")])
    assert [run.figures[0].value for run in chosen(["etl"])] == [2, 3]
    assert call(monkeypatch, "etl") == 1


@pytest.mark.parametrize("names", [["a.json", "b.json"], ["a", "b", "c"]])
def test_what_is_not_there_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], names: list[str]
) -> None:
    assert call(monkeypatch, *names) == 2
    assert names[0] in capsys.readouterr().err
