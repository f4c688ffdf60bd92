"""A browser of this machine whose microphone is a recording, and what a person does on the page."""

from __future__ import annotations

import json
import wave
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from playwright.async_api import Page, async_playwright, expect

from audio.pcm import SAMPLE_RATE
from tests.clients.install import find_chromium

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from playwright.async_api import Browser, BrowserContext

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--mute-audio",
)
WITHIN: Final = 20_000.0
"""Milliseconds; a page on a busy machine."""
LEAD_IN: Final = 1.5
"""Seconds of silence before a recording begins, in which a person would breathe."""
SERIOUS: Final = frozenset({"serious", "critical"})


def recording(path: Path, pieces: Sequence[NDArray[np.int16]], *, pause: float = 0.9, rate: int = SAMPLE_RATE) -> float:
    """Write a WAV file of pieces with pauses between them; its length in seconds. Chromium plays it and then is silent."""
    quiet = np.zeros(round(pause * rate), np.int16)
    sound = [np.zeros(round(LEAD_IN * rate), np.int16), *(part for piece in pieces for part in (piece, quiet)), quiet]
    samples = np.concatenate(sound)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return len(samples) / rate


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a page."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """What the page complained of: exceptions and breaches of the Content Security Policy among them."""

    async def begin(self, url: str, name: str, *, to: str = "/") -> None:
        """Open the page, say who one is, press the button."""
        await self.page.goto(f"{url}{to}")
        await self.page.get_by_label("Your name").fill(name)
        await self.page.locator("#go").click()

    async def live(self) -> None:
        await expect(self.page.locator("#state")).to_have_text("Live", timeout=WITHIN)

    async def finish(self) -> str:
        """Press Stop; the conversation id of the finished page."""
        await self.page.locator("#stop").click()
        await expect(self.page.locator("#finished")).to_be_visible(timeout=WITHIN * 2)
        return await self.page.locator("#conversation-id").inner_text()

    async def lines(self, where: str = "live") -> list[str]:
        return [text.strip() for text in await self.page.locator(f"#{where}-lines .said").all_inner_texts()]

    async def until_lines(self, count: int, within: float) -> None:
        """Until so many lines stand in the transcript; `within` in seconds."""
        await expect(self.page.locator("#live-lines .line").nth(count - 1)).to_be_visible(timeout=within * 1000)

    async def said(self, words: str, within: float) -> None:
        """Until the words stand in a finished line."""
        await expect(self.page.locator("#live-lines")).to_contain_text(words, ignore_case=True, timeout=within * 1000)

    async def problems_of_access(self) -> list[str]:
        """What axe-core finds that is serious."""
        await self.page.evaluate(axe())
        found: dict[str, Any] = await self.page.evaluate("axe.run()")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]


def axe() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@asynccontextmanager
async def browser(sound: Path | None = None, *flags: str) -> AsyncIterator[Browser]:
    """A browser whose microphone plays a WAV file once. Without one it has no device at all."""
    device = (
        (f"--use-file-for-fake-audio-capture={sound}%noloop", "--use-fake-device-for-media-stream")
        if sound
        else ("--disable-audio-input",)
    )
    async with async_playwright() as driver:
        running = await driver.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, *device, *flags])
        try:
            yield running
        finally:
            await running.close()


@asynccontextmanager
async def person(running: Browser, *, microphone: bool = True, **options: Any) -> AsyncIterator[Person]:
    """A fresh window; with `microphone` it is allowed already."""
    context: BrowserContext = await running.new_context(
        permissions=["microphone", "clipboard-read", "clipboard-write"] if microphone else [], **options
    )
    page = await context.new_page()
    it = Person(page)
    page.on("pageerror", lambda error: it.errors.append(str(error)))
    page.on("console", lambda said: it.errors.append(said.text) if "Content Security Policy" in said.text else None)
    try:
        yield it
    finally:
        await context.close()


async def download(page: Page, button: str) -> str:
    """Press a button that saves a file; what stands in it."""
    async with page.expect_download() as saving:
        await page.locator(button).click()
    path = await (await saving.value).path()
    return path.read_text(encoding="utf-8")


def as_json(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value
