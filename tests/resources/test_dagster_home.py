from __future__ import annotations

import yaml

from resources.dagster_home import dagster_environment
from resources.home import Home


def test_the_instance_lies_in_the_home_and_an_edited_file_is_left_alone(home: Home) -> None:
    environment = dagster_environment(home)
    assert environment["DAGSTER_HOME"] == environment["RECSYS_DAGSTER"] == str(home.dagster)
    file = home.dagster / "dagster.yaml"
    assert yaml.safe_load(file.read_text())["telemetry"] == {"enabled": False}
    file.write_text("telemetry: {enabled: false}\n")
    dagster_environment(home)
    assert file.read_text() == "telemetry: {enabled: false}\n"
