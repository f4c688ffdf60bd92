"""Words as the Conversation API spells them, written once, when a message is stored."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.conversations.models import Json


def spell(words: Iterable[Json], first_word: float) -> str:
    """The JSON array of a message's `{word, start, end, score}`; offsets count from the first word of the conversation."""
    spelled = [
        {
            "word": word["word"],
            "startTime": iso(word["start"]),
            "endTime": iso(word["end"]),
            "score": round(word["score"], 2),
            "timeOffset": offset(word["start"], first_word),
            "duration": round(word["end"] - word["start"], 2),
        }
        for word in words
    ]
    return json.dumps(spelled, ensure_ascii=False, separators=(",", ":"))


def offset(moment: float, first_word: float) -> float:
    """Seconds since the first word, to the hundredth."""
    return round(moment - first_word, 2)


def iso(moment: float) -> str:
    """`engine.clock.iso` for thousands of times at once: seconds since the epoch as ISO 8601 UTC with milliseconds."""
    seconds, milliseconds = divmod(round(moment * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03d}Z"
