"""The sections of a summary: what was talked about, what was decided, what is to be done, which questions are open.

All of it is extractive: topics and items as they were found, decisions in the words they were told in (`decisions.txt`). A
question is open where nobody else said anything soon after it, or only that they do not know (`unanswered.txt`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final, Literal

from engine.insights.lexicon import listed, phrases, words
from engine.insights.lexicon import sections as sections_of
from engine.insights.merge import content_stems, same_thing
from engine.insights.normalise import normalise, sentences
from engine.insights.rewrite import as_sentence, quoted
from engine.insights.templates import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from engine.insights.normalise import Token
    from engine.insights.summary import Said

SectionName = Literal["talked_about", "decided", "to_do", "open_questions"]

MOST_TOPICS: Final = 8
MOST_ITEMS: Final = 12
"""Entries of each of the other sections."""
MOST_WORDS: Final = 45
"""Words of a decision; a longer sentence is shown from where it is told."""
_HEDGED: Final = 3
"""How many words before the telling may take it back."""
_ANSWERED_WITHIN: Final = 4
_LEAST_WORDS: Final = 4
"""Words of a question that stands by itself."""
TITLES: Final[dict[SectionName, str]] = {
    "talked_about": "What was talked about",
    "decided": "What was decided",
    "to_do": "What is to be done",
    "open_questions": "Open questions",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a section, the messages that it rests on, and how sure it is, 0 to 1."""

    text: str
    message_ids: tuple[str, ...]
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the summary with its heading; never without entries."""

    name: SectionName
    title: str
    entries: tuple[Entry, ...]


def sections(
    messages: Sequence[Said], topics: Iterable[Entry], to_do: Iterable[Entry], questions: Iterable[Entry]
) -> list[Section]:
    """The sections that have something to say.

    Args:
        messages: what was said, in order.
        topics: what was talked about.
        to_do: action items and follow-ups, in the order of the talk.
        questions: what was asked, in the order of the talk.

    Where there is more than a section holds, the surest stay.
    """
    found: dict[SectionName, Iterable[Entry]] = {
        "talked_about": _surest(topics, MOST_TOPICS),
        "decided": decisions(messages),
        "to_do": _surest(to_do, MOST_ITEMS),
        "open_questions": _surest(still_open(messages, questions), MOST_ITEMS),
    }
    return [Section(name, TITLES[name], tuple(entries)) for name, entries in found.items() if entries]


def decisions(messages: Sequence[Said]) -> list[Entry]:
    """Sentences that tell a decision, in the order of the talk; what is told again stands where it was told last."""
    kept: list[tuple[frozenset[str], Entry]] = []
    for message in messages:
        for text, stems in _decided(message.text):
            if not stems:
                continue
            kept = [(other, entry) for other, entry in kept if not _again(stems, other)]
            kept.append((stems, Entry(f"{message.speaker}: {text}" if message.speaker else text, (message.id,))))
    return [entry for _, entry in kept[-MOST_ITEMS:]]


def still_open(messages: Sequence[Said], questions: Iterable[Entry]) -> list[Entry]:
    """The questions that got no answer."""
    places = {message.id: place for place, message in enumerate(messages)}
    found = []
    for question in questions:
        at = max((places[one] for one in question.message_ids if one in places), default=None)
        if at is None or not _asks_something(question.text):
            continue
        answer = _answer(messages, at)
        if not answer or any(_leaves_open(said.text) for said in answer):
            found.append(question)
    return found


def _again(stems: frozenset[str], earlier: frozenset[str]) -> bool:
    return stems == earlier or (min(len(stems), len(earlier)) > 1 and same_thing(stems, earlier))


def _answer(messages: Sequence[Said], at: int) -> list[Said]:
    """What the first to speak after a message, other than who said it, says without a break."""
    soon = messages[at + 1 : at + 1 + _ANSWERED_WITHIN]
    first = next((place for place, said in enumerate(soon) if said.speaker != messages[at].speaker), len(soon))
    return list(takewhile(lambda said: said.speaker == soon[first].speaker, soon[first:]))


def _asks_something(text: str) -> bool:
    """Whether a question says by itself what it asks, and asks for more than assent."""
    spoken = [token.word for token in normalise(text)]
    return len(spoken) >= _LEAST_WORDS and (spoken[-1],) not in phrases("tags.txt") and bool(content_stems(text))


def _surest(entries: Iterable[Entry], most: int) -> list[Entry]:
    """The best so many, in the order they came in."""
    entries = list(entries)
    least = sorted((entry.score for entry in entries), reverse=True)[:most][-1:]
    return [entry for entry in entries if [entry.score] >= least][:most]


def _decided(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The sentences of a message that tell a decision, without fillers and repeats, and the stems of their words."""
    if not _cued(text, "decisions.txt"):
        return
    told = listed("decisions.txt")["told"]
    for sentence in sentences(normalise(text)):
        if "?" in sentence[-1].mark:
            continue
        row = " ".join(token.word for token in sentence) + " "
        for template in told:
            match = compiled(template).search(row)
            place = row.count(" ", 0, match.start()) if match else 0
            if match and not _taken_back(sentence, place):
                start = place if len(sentence) > MOST_WORDS else _opened(sentence)
                shown = sentence[start : start + MOST_WORDS]
                yield as_sentence(quoted(shown, text)), content_stems(" ".join(token.word for token in shown))
                break


def _opened(sentence: Sequence[Token]) -> int:
    """How many words only open a sentence: `and so we ...`."""
    openers = words("openers.txt")
    return next((place for place, token in enumerate(sentence) if token.word not in openers), 0)


def _taken_back(sentence: Sequence[Token], place: int) -> bool:
    hedges = sections_of("decisions.txt")["hedge"]
    return any(token.word in hedges for token in sentence[max(0, place - _HEDGED) : place + 1])


def _leaves_open(text: str) -> bool:
    if not _cued(text, "unanswered.txt"):
        return False
    row = " ".join(token.word for token in normalise(text)) + " "
    return any(compiled(template).search(row) for template in listed("unanswered.txt")["answer"])


def _cued(text: str, name: str) -> bool:
    """Whether a text holds one of the words without which none of a file's templates fits."""
    lowered = text.lower()
    return any(cue in lowered for cue in sections_of(name)["cue"])
