"""The page as people see it: `recsys explore` in headless Chromium, beside a real server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.tiny import NAME, Tiny

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.triton,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; `make chromium` installs Debian's"),
]
STAGES = ["1Retrieved", "2Filtered", "3Scored", "4Ordered"]


@pytest.fixture(scope="module")
def address(tiny: Tiny) -> Iterator[str]:
    command = [sys.executable, "-c", "from recsys_assets.cli import app; app()", "explore", NAME]
    with subprocess.Popen(command, env=tiny.environment, cwd=tiny.folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        yield next(line.strip() for line in lines if line.startswith("http://127.0.0.1:"))
        process.send_signal(signal.SIGINT)  # Ctrl-C
        assert process.wait(20) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """The way in, at one width; nothing may go wrong in its console, and nothing may come from elsewhere."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height})
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # Suggestions that are still under way when the next page is opened are given up.
    page.on("requestfailed", lambda asked: None if "ABORTED" in (asked.failure or "") else wrong.append(asked.url))
    page.on("request", lambda asked: None if asked.url.startswith(address) else wrong.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def opens(page: Page, link: Locator) -> None:
    """Clicks, and waits for the page that this opens: what is done next is not done to the page before."""
    with page.expect_navigation():
        link.click()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def boxes(page: Page) -> list[Any]:
    return [stage.bounding_box() for stage in page.locator(".stage").all()]


def test_a_user_is_picked_and_followed_through_four_stages(page: Page) -> None:
    assert fits(page)
    page.get_by_role("combobox", name="User").fill("7")
    opens(page, page.get_by_role("button", name="Explore"))
    assert page.get_by_role("heading", name="User 7").is_visible()
    assert fits(page)
    assert page.locator(".stage h2").all_text_contents() == STAGES
    assert page.locator(".history li").count() > 0
    assert page.locator(".ordering .item").count() == 10
    assert all(text.endswith(" ms") for text in page.locator(".stage .time").all_text_contents())
    assert "The live server gives the same list" in page.locator(".verdict").text_content()  # type: ignore[operator]
    wide = page.viewport_size["width"] > 1000  # type: ignore[index]
    tops, lefts = ({round(box[side]) for box in boxes(page)} for side in ("y", "x"))
    assert (len(tops), len(lefts)) == ((1, 4) if wide else (4, 1))


def test_an_item_is_followed_and_let_go(page: Page) -> None:
    opens(page, page.get_by_role("link", name="someone new"))
    assert "Nothing is known" in page.locator(".person").text_content()  # type: ignore[operator]
    opens(page, page.get_by_role("navigation").get_by_role("link").first)
    best = page.locator(".ordering .item").first.get_by_role("button")
    title = best.text_content()
    best.click()
    assert best.get_attribute("aria-pressed") == "true"
    trace = page.locator(".trace").text_content()
    assert trace is not None and trace.startswith(f"{title}retrieved by ") and "in the list 1st with " in trace
    assert page.locator(".item.followed").count() == 3  # retrieved, scored, ordered
    assert fits(page)
    page.keyboard.press("Escape")
    assert page.locator(".followed").count() == 0 and not page.locator(".trace").is_visible()


def test_another_length_and_all_candidates(page: Page) -> None:
    page.get_by_role("combobox", name="User").fill("8")
    with page.expect_response(lambda answer: "/users?q=8" in answer.url):
        page.get_by_role("combobox", name="User").press("End")
        page.get_by_role("combobox", name="User").press_sequentially(" ")
    opens(page, page.get_by_role("button", name="Explore"))
    with page.expect_navigation(url="**k=20"):
        page.get_by_role("combobox", name="Items").select_option("20")
    assert page.locator(".ordering .item").count() == 20
    more = page.locator(".scoring summary")
    more.click()
    shown = page.locator(".scoring .item:visible").count()
    assert f"{shown} scored" in page.locator(".scoring .count").text_content()  # type: ignore[operator]
    assert fits(page)


def test_names_for_those_who_do_not_see(page: Page) -> None:
    opens(page, page.get_by_role("navigation").get_by_role("link").first)
    for name in ("Retrieved", "Filtered", "Scored", "Ordered"):
        assert page.get_by_role("region", name=name).count() == 1
    assert page.get_by_role("img", name="features ").count() == 2
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, a, input, select, [role=img]')].filter((e) =>"
        " !(e.textContent.trim() || e.labels?.length || e.getAttribute('aria-label'))).length"
    )
    assert nameless == 0
