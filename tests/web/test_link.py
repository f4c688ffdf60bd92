"""The link to a meeting's page, in a real browser that has no other credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.engine.conversations.test_routes import meet
from tests.engine.server import engine
from tests.web.browser import WITHIN, browser, person

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator

pytestmark = pytest.mark.browser

PUBLIC = "https://minutes.example"


async def test_a_link_shows_its_meeting_until_it_has_run_out(tmp_path: Path) -> None:
    async with engine(tmp_path, ENGINE_PUBLIC_URL=PUBLIC) as it, browser() as window:
        conversation_id = await meet(it)
        url = (await it.get(f"/{conversation_id}/page")).json()["url"].replace(PUBLIC, it.url)
        asked: list[str] = []
        async with person(window, microphone=False) as visitor:
            page = visitor.page
            page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
            await page.goto(url)
            await expect(page.locator("#finished-title")).to_have_text("Weekly", timeout=WITHIN)
            assert len(await visitor.lines("finished")) == 4
            await expect(page.locator("#finished-action_item")).to_contain_text("send the draft")
            await expect(page.locator("#problem")).to_be_empty()
            await expect(page.locator("#fetch")).to_be_hidden()
            assert not await visitor.problems_of_access()
            assert not visitor.errors
            assert all(one.startswith("GET ") for one in asked), "a visitor only reads"
            token = url.rpartition("/")[2]
            assert not any(token in one.partition("#")[0] for one in asked), "what opens the page is in no address that is sent"

        async with person(window, microphone=False) as visitor:
            await visitor.page.goto(f"{url[:-4]}AAAA")
            await refused(visitor.page.locator("#problem"))
            await expect(visitor.page.locator("main:visible")).to_have_count(0)

        it.clock.advance(7 * 86_400)
        async with person(window, microphone=False) as visitor:
            await visitor.page.goto(url)
            await refused(visitor.page.locator("#problem"))
            assert not await visitor.problems_of_access()


async def refused(problem: Locator) -> None:
    """It says so in a sentence, with no button that could not help."""
    await expect(problem).to_contain_text("This link does not open a meeting.", timeout=WITHIN)
    await expect(problem).to_contain_text("ask whoever gave it to you for a new one")
    await expect(problem.locator("button")).to_have_count(0)
