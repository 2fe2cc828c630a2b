"""Commands without a server: what they say when there is nothing to say yet."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from recsys_assets.explore.server import listen
from resources.home import Home
from tests.recsys_assets.runs import materialize
from tests.serving.decision_rows import day_of, write_log

runner = CliRunner()


def last_json(output: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(output.splitlines()[-1])
    return found


def test_status_and_stop_of_an_empty_home(home: Home) -> None:
    status = runner.invoke(app, ["status", "--json"])
    assert status.exit_code == 0
    assert last_json(status.stdout) == {
        "running": False,
        "http_url": None,
        "grpc_url": None,
        "home": str(home.root),
        "releases": {},
    }
    assert last_json(runner.invoke(app, ["stop", "--json"]).stdout) == {"stopped": False}
    assert "does not run" in runner.invoke(app, ["status"]).stdout


@pytest.mark.parametrize("command", [["status"], ["stop"], ["served", "demo"], ["recommend", "demo", "--user", "7"]])
def test_a_file_where_the_home_should_be_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "file"))
    result = runner.invoke(app, [*command, "--json"])
    said = str(last_json(result.stdout)["error"])
    assert result.exit_code == 1
    assert said.startswith("RECSYS_HOME is ") and "is a file; give RECSYS_HOME another" in said


def test_recommend_before_anything_was_built(home: Home, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    result = runner.invoke(app, ["recommend", "shop", "--user", "1", "--json"])
    assert result.exit_code == 1
    assert "recsys materialize shop" in str(last_json(result.stdout)["error"])


def test_explore_before_anything_was_built(home: Home, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    result = runner.invoke(app, ["explore", "shop"])
    assert result.exit_code == 1 and "recsys materialize shop" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "--user", "1"],
        ["event", "--user", "1", "--item", "1"],
        ["explore"],
        ["trace", "--request", "x"],
        ["replay", "--release", "ab"],
        ["bench"],
        ["rollout"],
        ["rollback"],
    ],
)
def test_a_name_that_nothing_has_is_told_with_those_that_there_are(
    home: Home, shop: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    (home.releases / "films").mkdir(parents=True)
    result = runner.invoke(app, [arguments[0], "nosuch", *arguments[1:]])
    assert result.exit_code == 1
    assert "There is no recommender 'nosuch'; there are: demo, films, shop." in result.stderr


@pytest.mark.parametrize("arguments", [["recommend", "shop", "--user", "1"], ["bench", "shop"]])
def test_the_longest_list_is_told(home: Home, arguments: list[str]) -> None:
    result = runner.invoke(app, [*arguments, "-k", "1001"])
    assert result.exit_code == 2 and "or equal to 1000" in result.stderr


def test_a_port_that_is_taken_is_said() -> None:
    with listen(None) as taken, pytest.raises(OSError, match=r"Port \d+ cannot be used .*give another"):
        listen(taken.getsockname()[1])


def test_a_broken_yaml_is_told_with_its_line(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text().replace("label:", "lable:"))
    result = runner.invoke(app, ["materialize", "shop", "--json"])
    assert result.exit_code == 1
    assert str(last_json(result.stdout)["error"]).startswith(f"{shop / 'defs.yaml'}:10: attributes.interactions.lable")


def test_dates_outside_the_data(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    text = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(text + "  start: 2030-01-01\n  end: 2030-02-01\n")
    result = runner.invoke(app, ["materialize", "shop", "--json"])
    message = str(last_json(result.stdout)["error"])
    assert "2030-01-01" in message
    assert "runs from 2024-01-01 to 2024-01-03" in message


def test_materialize_tells_why_a_run_failed(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    (shop / "items.csv").write_text("item;name\n1;x\n")
    result = runner.invoke(app, ["materialize", "shop", "--json"])
    assert result.exit_code == 1
    message = str(last_json(result.stdout)["error"])
    assert "items.csv" in message
    assert "Traceback" not in message
    assert "What was live stays live" in message


def test_served_keeps_a_day_and_tells_it_in_numbers(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_RECOMMENDERS", str(shop))
    day = date(2026, 1, 5)
    write_log(home.decisions("shop"), day, day_of(day, 4))
    found = last_json(runner.invoke(app, ["served", "shop", "--day", "2026-01-05", "--json"]).stdout)
    assert (found["requests"], found["places"], found["path"]) == (4, 12, str(home.served("shop", day)))
    result = runner.invoke(app, ["served", "shop", "--day", "2026-01-06"])
    assert result.exit_code == 0 and "none" in result.stdout
    result = runner.invoke(app, ["served", "shop", "--day", "2026-01-04", "--json"])
    assert result.exit_code == 1
    assert "expected a day from 2026-01-05 to 20" in str(last_json(result.stdout)["error"])


def test_user_ids_are_text_where_they_are_text(shop: Path, home: Home) -> None:
    for file in (shop / "logs").iterdir():
        lines = file.read_text().splitlines()
        file.write_text("\n".join([lines[0], *(f"u{line}" for line in lines[1:])]) + "\n")
    materialize(shop, ["interactions", "users"], "2024-01-01", "2024-01-03")
    from recsys_assets.tables.entity_lookup import EntityLookup

    people = EntityLookup(home, "shop")
    assert people.user_id("7") == "7"
    assert people.user("u1")["user_id"] == "u1"
    assert people.user("nobody") == {}


def test_help_starts_without_dagster() -> None:
    program = "import sys; from recsys_assets.cli import app; print('dagster' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
