"""The page as it is sent; how it looks is for test_browser.py."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from recsys_assets.explore.explorer import Explorer
from recsys_assets.explore.followed_release import OpenRelease
from recsys_assets.explore.page import Page
from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from tests.recsys_assets.explore.conftest import HOSTILE


class Asking:
    """Asks an application without a network."""

    def __init__(self, app: Any) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, address: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://127.0.0.1") as client:
                return await client.get(address, **options)

        return asyncio.run(ask())


@pytest.fixture
def page(explorer: Explorer) -> Asking:
    return Asking(Page(explorer).app())


@pytest.fixture
def opened(explorer: Explorer, release: Release, page: Asking) -> Asking:
    """As after the server has ended: the release that was live is still open."""
    explorer.followed._open = OpenRelease(release, Ensemble.of(release))
    return page


def text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_way_in_offers_users(page: Asking) -> None:
    answer = page.get("/")
    assert answer.status_code == 200 and "How does a list come about?" in answer.text
    assert 'href="/?user=100&amp;k=10"' in answer.text and 'href="/?user=556&amp;k=10"' in answer.text


def test_history_and_four_stages(opened: Asking, release: Release) -> None:
    html = opened.get("/", params={"user": "100", "k": "5"}).text
    assert re.findall(r'<h2 id="(\w+)">', html)[1:] == ["retrieval", "filtering", "scoring", "ordering"]
    shown = text(html)
    assert "Latest of 20 events" in shown and "country GB" in shown and "tenure days 1,218" in shown
    assert "Film 22" in shown and "20 Mar 2026" in shown and "the list, 5 of 5 asked for" in shown
    assert (
        f"No Triton server runs here; `recsys recommend toy --user ID` starts it. Shown is release {release.hash[:12]}"
        in shown
    )
    assert html.count("The live server gives the same list") == 0


def test_data_never_becomes_markup(opened: Asking) -> None:
    history = opened.get("/", params={"user": "100", "k": "20"}).text
    assert "<script>alert" not in history and "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp;" in history
    assert HOSTILE not in history
    features = opened.get("/", params={"user": "101"}).text
    assert "<b>" not in features.split('class="facts"')[1].split("</dl>")[0] and "&lt;b&gt;" in features
    asked = opened.get("/", params={"user": '"><script>alert(1)</script>', "k": '"><script>'})
    assert asked.status_code == 400 and "<script>" not in asked.text.replace('<script src="/static/page.js"', "")


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ("9999", "This user is in no log. Nothing is known, so the list is what is popular now."),
        ("555", "This user has no history yet, so the list is what is popular now."),
    ],
)
def test_of_whom_nothing_is_known(opened: Asking, user: str, sentence: str) -> None:
    answer = opened.get("/", params={"user": user})
    assert answer.status_code == 200 and sentence in text(answer.text)
    assert "not used for this list" in text(answer.text)


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("user=abc", 400, "User ids of &#39;toy&#39; are integers, got &#39;abc&#39;"),
        ("user=100&k=0", 400, "The number of items must be 1 to 1000, got &#39;0&#39;"),
        ("user=100&k=1001", 400, "must be 1 to 1000"),
        ("user=100&k=²", 400, "must be 1 to 1000"),
        ("user=999", 400, "user 999 is poison"),
        ("user=99999999999999999999", 400, "are integers of 64 bits"),
    ],
)
def test_what_cannot_be_asked(opened: Asking, query: str, status: int, sentence: str) -> None:
    answer = opened.get(f"/?{query}")
    assert answer.status_code == status and sentence in answer.text


def test_without_a_server_the_history_is_still_there(page: Asking) -> None:
    answer = page.get("/?user=100")
    assert answer.status_code == 503
    assert "Latest of 20 events" in text(answer.text) and "No Triton server runs here" in answer.text


def test_suggestions(page: Asking) -> None:
    assert page.get("/users?q=10").json() == [{"id": "100", "events": 20}]
    assert page.get("/users?q=").json() == [] and page.get("/users?q=zzz").json() == []


def test_browsers_are_told_to_run_nothing_else(page: Asking) -> None:
    for address in ("/", "/?user=abc", "/users?q=1", "/static/page.js", "/static/page.css", "/nothing"):
        headers = page.get(address).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    html = page.get("/?user=100").text
    assert not re.search(r"https?://|\sstyle=|\son\w+=|javascript:", html.replace("http://www.w3.org", ""))


def test_only_names_of_this_machine_are_answered(page: Asking) -> None:
    assert page.get("/", headers={"host": "rebound.example"}).status_code == 400
    assert page.get("/", headers={"host": "localhost:8123"}).status_code == 200
