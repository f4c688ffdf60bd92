"""Who has to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.insights.lexicon import words

if TYPE_CHECKING:
    from engine.insights.actions import Candidate
    from engine.insights.reading import Sentence
    from engine.insights.types import Speaker

_OWN = frozenset({"commit", "offer"})
_ADDRESSED = frozenset({"request", "remind", "imperative", "third", "explicit", "need", "joint"})
_SPEAKER_FRAMES = frozenset({"explicit.for-me", "remind.me", "explicit.volunteer"})
_ASKS_PREVIOUS = frozenset(
    {
        "request.can",
        "request.mind",
        "request.why",
        "request.you-should",
        "request.you-will",
        "request.hoping",
        "request.would-like",
    }
)
_NOT_BEFORE_VOCATIVE = frozenset(
    {
        "to",
        "with",
        "from",
        "for",
        "by",
        "about",
        "and",
        "or",
        "of",
        "at",
        "the",
        "a",
        "ask",
        "tell",
        "than",
        "as",
        "like",
        "call",
        "email",
        "invite",
    }
)


def assignee(candidate: Candidate, speaker: Speaker, previous: Speaker | None) -> Speaker | None:
    """`I` is the speaker, a name of the roster its owner, `you` who is addressed, else whoever spoke before; `we` is nobody."""
    family, name = candidate.clause.frame.family, candidate.clause.frame.name
    sentence = candidate.sentence
    if name in _SPEAKER_FRAMES or family in _OWN:
        return speaker
    subject = _subject(candidate)
    if subject is not None:
        return subject
    if family not in _ADDRESSED:
        return None
    addressed = addressee(sentence, candidate)
    if addressed is not None:
        return addressed
    if name in _ASKS_PREVIOUS and previous is not None and previous != speaker:
        return previous
    if name == "explicit.job2" or (name == "explicit.job" and sentence.row[candidate.clause.first] == "my"):
        return speaker
    return None


def addressee(sentence: Sentence, candidate: Candidate) -> Speaker | None:
    """Whom a sentence calls by name, at its beginning, before the clause, or at the end of the clause."""
    row, marks = sentence.row, sentence.marks
    openers = words("openers.txt")
    for place, person in sentence.people.items():
        leading = all(row[at] == "@name" or row[at] in openers or row[at] in {"and", "please"} for at in range(place))
        adjacent = candidate.clause.first - 1 <= place < candidate.clause.at or place == candidate.clause.first - 1
        before = row[place - 1] if place else ""
        follows = place > candidate.clause.at + candidate.clause.verb.length - 1 and before not in _NOT_BEFORE_VOCATIVE
        ends = place == len(row) - 1 or place == candidate.last or bool(marks[place])
        apart = place > 0 and bool(marks[place - 1])
        if leading or adjacent or (follows and ends) or (apart and ends):
            return person
    return None


def _subject(candidate: Candidate) -> Speaker | None:
    """Somebody named inside the frame: `Ben will`, `can Ben`, `an action item for Ben`."""
    inside = [
        person for place, person in candidate.sentence.people.items() if candidate.clause.first <= place < candidate.clause.at
    ]
    return inside[0] if inside and candidate.clause.frame.family in {"third", "explicit", "request", "need"} else None
