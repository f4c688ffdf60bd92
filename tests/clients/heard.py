"""What every client must have got, whatever shape it hands it on in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.wer import word_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD_ERRORS: Final = 0.1
"""The most that recognition may get wrong of clear speech."""
KINDS: Final = {"question": "payment bug", "action_item": "fix it", "follow_up": "quote"}
"""Each kind of insight in the recordings, and words of it."""


def assert_words(texts: Iterable[str], said: str) -> None:
    """The texts, in order, are what was said."""
    got = " ".join(texts)
    assert word_errors(said, got).rate <= WORD_ERRORS, got


def assert_streamed(record: dict[str, Any], said: str, kinds: Iterable[str]) -> None:
    """A record of `results`, `messages` and `insights` as the stream's frames carry them."""
    assert_words([message["payload"]["content"] for message in record["messages"]], said)
    finals = [result for result in record["results"] if result["isFinal"]]
    assert_words([result["punctuated"]["transcript"] for result in finals], said)
    assert len(finals) < len(record["results"]), "no interim result came"
    assert {message["from"]["name"] for message in record["messages"]} == {"Jane"}
    assert {result["user"]["userId"] for result in record["results"]} == {"jane@example.com"}
    assert_insights([(insight["type"], insight["payload"]["content"]) for insight in record["insights"]], kinds)


def assert_insights(insights: list[tuple[str, str]], kinds: Iterable[str]) -> None:
    """There is one of each kind, about what it should be about, and none of another."""
    for kind in kinds:
        assert any(found == kind and KINDS[kind] in text for found, text in insights), (kind, insights)
    assert {kind for kind, _ in insights} <= set(kinds)
