"""Topics that a client names itself: a phrase of its vocabulary is a topic where it was said. No I/O."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from engine.errors import BadRequest
from wire.conversations import Topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.conversations.reading import Said

MAX_PHRASES: Final = 200
MAX_PHRASE: Final = 100
_HALF: Final = 2
"""Messages that make a score of a half."""
_LIST: Final = TypeAdapter(list[str])


def read_vocabulary(given: Iterable[str]) -> list[str]:
    """Phrases as they stand in a query: once each, with commas, or as a JSON array. Raises `BadRequest`."""
    phrases: list[str] = []
    for value in given:
        if value.lstrip().startswith("["):
            try:
                phrases += _LIST.validate_json(value)
            except ValidationError as error:
                raise BadRequest('"customTopicVocabulary" must be phrases with commas or a JSON array of strings.') from error
        else:
            phrases += value.split(",")
    kept = list(dict.fromkeys(phrase for raw in phrases if (phrase := " ".join(raw.split()))))
    if len(kept) > MAX_PHRASES or any(len(phrase) > MAX_PHRASE for phrase in kept):
        raise BadRequest(f'"customTopicVocabulary" holds at most {MAX_PHRASES} phrases of {MAX_PHRASE} characters.')
    return kept


def vocabulary_topics(conversation_id: str, phrases: Sequence[str], said: Sequence[Said]) -> list[Topic]:
    """A topic for each phrase that was said, with the messages that say it; its id stays the same from call to call."""
    topics: list[Topic] = []
    lowered = [one.text.lower() for one in said] if phrases else []
    for phrase in phrases:
        small = phrase.lower()
        pattern = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
        mentions = [one.id for one, text in zip(said, lowered, strict=True) if small in text and pattern.search(one.text)]
        if mentions:
            score = round(len(mentions) / (len(mentions) + _HALF), 4)
            topics.append(Topic(id=_id(conversation_id, phrase), text=phrase, score=score, message_ids=mentions))
    return topics


def _id(conversation_id: str, phrase: str) -> str:
    digest = hashlib.sha256(f"{conversation_id} {phrase.lower()}".encode()).digest()
    return str(10**15 + int.from_bytes(digest[:8]) % (9 * 10**15))
