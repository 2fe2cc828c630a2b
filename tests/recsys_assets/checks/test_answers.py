"""What the release's last gate makes of the answers that it was given."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from recsys_assets.checks import answers
from recsys_assets.component.locations import blueprints
from resources.home import Home


@pytest.mark.parametrize(
    ("users", "problems", "passed", "words"),
    [
        ([0, 7], {}, True, "2 users are answered alike"),
        ([0, 7], {7: "other items"}, False, "1 users are not"),
        ([0], {}, False, "nobody to compare"),
        ([], {}, False, "nobody to compare"),
    ],
    ids=["alike", "one differs", "the stranger alone", "nobody"],
)
def test_all_are_answered_alike_or_it_does_not_pass(
    shop: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    users: list[int],
    problems: dict[int, str],
    passed: bool,
    words: str,
) -> None:
    blueprint = blueprints(shop, home)[0]
    monkeypatch.setattr(answers, "newest_release", lambda _: "release")
    monkeypatch.setattr(answers, "some_users", lambda *_, **__: users)
    monkeypatch.setattr(answers, "differences", lambda *_: problems)
    found = answers.answers_like_its_parts(blueprint)()
    assert isinstance(found, dg.AssetCheckResult)
    assert found.passed is passed and words in str(found.description)
    assert ("other items" in str(found.metadata["differences"].value)) is bool(problems)
