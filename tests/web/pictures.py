"""Takes the pictures of the page for the documents: `python -m tests.web.pictures [FOLDER]`; run by hand, then looked at."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.async_api import expect

import sandbox
from sandbox.people.script import Meeting
from tests.web.browser import browser, person, recording
from tests.web.engine import engine_program

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.web.browser import Person

ROOT: Final = Path(sandbox.__file__).parent.parent
PEOPLE: Final = ("alice", "ben", "carla")
SECONDS: Final = 62.0
"""Of the recorded meeting."""
DESK: Final = (1200, 760)
PHONE: Final = (390, 844)
PATIENCE: Final = 90_000.0


async def take(folder: Path) -> None:
    """Hold a meeting of three people and take a picture at each station."""
    meeting = Meeting.load(ROOT / "sandbox" / "meetings" / "weekly-sync")
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        program = await stack.enter_async_context(engine_program(work / "engine"))
        people: list[Person] = []
        for name in PEOPLE:
            track = meeting.tracks[name][: round(SECONDS * meeting.rate)]
            recording(work / f"{name}.wav", [track], rate=meeting.rate)
            running = await stack.enter_async_context(browser(work / f"{name}.wav"))
            size = {"width": DESK[0], "height": DESK[1]}
            people.append(await stack.enter_async_context(person(running, viewport=size, color_scheme="light")))
        alice = people[0]
        for somebody, name in zip(people, PEOPLE, strict=True):
            await somebody.page.goto(f"{program.url}/#weekly-sync")
            await somebody.page.get_by_label("Your name").fill(meeting.names[name])
        await alice.page.goto(f"{program.url}/")
        await alice.page.get_by_label("Your name").fill("Alice")
        await _shoot(alice.page, folder / "browser-start.png", "light", DESK)
        await alice.page.goto(f"{program.url}/#weekly-sync")
        await asyncio.gather(*(somebody.page.locator("#go").click() for somebody in people))
        await alice.live()
        await _live(alice.page, folder)
        await _finished(people, folder)


async def _live(page: Page, folder: Path) -> None:
    await expect(page.locator("#live-action_item .note").first).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("#live-question .note").first).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("#interims .said")).not_to_be_empty(timeout=PATIENCE)
    await _shoot(page, folder / "browser-live-dark.png", "dark", DESK)
    await _shoot(page, folder / "browser-live-phone.png", "light", PHONE)
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    await page.locator("#live-action_item .note").first.hover()
    await _shoot(page, folder / "browser-live-light.png", "light", DESK)
    await expect(page.locator("#live-lines")).to_contain_text("marketing", timeout=PATIENCE)


async def _finished(people: list[Person], folder: Path) -> None:
    for somebody in (*people[1:], people[0]):
        await somebody.finish()
    page = people[0].page
    await page.mouse.move(0, 0)
    await _shoot(page, folder / "browser-finished-light.png", "light", DESK)
    await _shoot(page, folder / "browser-finished-phone.png", "dark", PHONE)
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    await page.locator("#finished-action_item .note").first.click()
    await _shoot(page, folder / "browser-finished-dark.png", "dark", DESK)


async def _shoot(page: Page, path: Path, scheme: str, size: tuple[int, int]) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await page.screenshot(path=path)
    sys.stdout.write(f"{path}\n")


def main() -> None:
    """Take them all, and say how large they are."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(folder))
    for path in sorted(folder.glob("browser-*.png")):
        sys.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
