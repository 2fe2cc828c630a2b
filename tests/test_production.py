"""A Triton of one's own: its container is not built here, so what can be known without is checked; and its page."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from resources.configured import FILE as RESOURCES
from resources.configured import configured
from resources.home import Home
from serving.triton.python_backend.serving_metrics import COUNTERS, STAGE
from serving.triton.python_backend.shadow_metrics import COUNTERS as SHADOW

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "triton.Containerfile"
PAGE = ROOT / "docs" / "how-to" / "triton.md"
INSTRUCTIONS = {"ARG", "FROM", "USER", "RUN", "ENV", "COPY", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("container") / "Dockerfile"  # the parser knows no other name
    path.write_text(FILE.read_text())
    return [line for line in DockerfileParser(str(path)).structure if line["instruction"] != "COMMENT"]


def of(lines: list[dict[str, Any]], instruction: str) -> list[str]:
    return [line["value"] for line in lines if line["instruction"] == instruction]


def stages(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    starts = [n for n, line in enumerate(lines) if line["instruction"] == "FROM"]
    return [lines[start:stop] for start, stop in zip(starts, [*starts[1:], None], strict=True)]


def test_every_line_is_an_instruction(lines: list[dict[str, Any]]) -> None:
    assert {line["instruction"] for line in lines} == INSTRUCTIONS
    assert len(stages(lines)) == 2


def test_every_command_is_complete(lines: list[dict[str, Any]]) -> None:
    for command in of(lines, "RUN"):
        assert shlex.split(command), command  # ValueError where a quote is left open
        assert not command.rstrip().endswith(("&&", "||", "\\", ";")), command


def test_the_base_is_the_users_own_and_no_registry_is_named(lines: list[dict[str, Any]]) -> None:
    assert of(lines, "ARG")[0] == "TRITON_IMAGE"
    assert [image.split()[0] for image in of(lines, "FROM")] == ["${TRITON_IMAGE}"] * 2
    hosts = re.findall(r"[a-z]+://([^/\s]+)", "\n".join(of(lines, "RUN")))
    assert set(hosts) == {"github.com"}


def test_every_variable_is_given(lines: list[dict[str, Any]]) -> None:
    for stage in [lines[:1], *stages(lines)]:
        known = {value.partition("=")[0] for value in of(stage, "ARG")} | {"NVIDIA_TRITON_SERVER_VERSION", "PATH"}
        for command in of(stage, "RUN") + of(stage, "ENV") + of(stage, "COPY"):
            used = set(re.findall(r"\$\{(\w+)", command)) - set(re.findall(r"(\w+)=", command.partition("&&")[0]))
            assert used <= known, command


def test_what_is_copied_is_there(lines: list[dict[str, Any]]) -> None:
    builder, image = stages(lines)
    copied = [source for value in of(builder, "COPY") for source in value.split()[:-1]]
    assert copied and all((ROOT / source).exists() for source in copied), copied
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(copied), "a package of the project is missing in the image"
    made = "\n".join(of(builder, "RUN") + of(builder, "ENV"))
    for value in of(image, "COPY"):
        stage, source, _ = value.split()
        assert stage == "--from=builder" and source.rpartition("/")[0] in made and Path(source).name[:15] in made


def test_it_runs_as_nobody_special_and_only_takes_models_when_told(lines: list[dict[str, Any]]) -> None:
    image = stages(lines)[1]
    assert of(image, "USER")[-1] == "1000:1000"
    started = json.loads(of(image, "ENTRYPOINT")[0])
    assert started[0] == "tritonserver" and "--model-control-mode=explicit" in started
    assert "/v2/health/ready" in of(image, "HEALTHCHECK")[0]


def test_the_configuration_on_the_page_is_one(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / RESOURCES).write_text(block)
    found, given = configured(Home.at(tmp_path)), yaml.safe_load(block)
    assert found.triton.address == given["triton"]["address"]
    assert found.triton.releases == "s3://bucket/releases"
    assert found.feature_store.settings().online_store == "redis"


def test_metrics_on_the_page_are_those_there_are() -> None:
    known = {name for name, _ in (*COUNTERS.values(), *SHADOW.values())} | {STAGE[0]}
    assert set(re.findall(r"recsys_\w+_total", PAGE.read_text())) == known


def test_links_of_the_page_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / link).exists(), link
