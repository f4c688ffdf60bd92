"""What the action model looks at: the frame of a clause, its verb and object, and what stands around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.insights.lexicon import sections, words
from engine.insights.question_features import features as word_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.grammar import Clause
    from engine.insights.reading import Sentence

_OBJECTS = {
    "it": "it", "that": "that", "this": "this", "them": "them", "those": "them", "these": "them", "one": "it",
    "you": "you", "me": "me", "him": "him", "her": "her", "us": "us", "@name": "name",
    "the": "det", "a": "a", "an": "a", "some": "a", "my": "poss", "your": "poss", "our": "poss", "his": "poss", "their": "poss",
    "what": "wh", "how": "wh", "if": "wh", "whether": "wh", "who": "wh", "why": "wh", "where": "wh", "when": "when",
    "to": "to", "with": "prep", "on": "prep", "in": "prep", "at": "prep", "for": "prep", "from": "prep", "of": "prep", "by": "prep",
    "about": "about", "and": "and", "or": "and", "but": "and", "so": "and", "because": "and", "here": "here", "now": "here",
}  # fmt: skip
_LENGTHS = (0, 1, 2, 4, 7, 12)
_SCOPE = 6
_REACH = 14


def features(sentence: Sentence, clause: Clause) -> set[str]:
    """The features of one clause, as names; the ones of its neighbours come from `ActionFinder`."""
    row, verb, family = sentence.row, clause.verb, clause.frame.family
    found = {
        f"f:{family}",
        f"n:{clause.frame.name}",
        f"k:{verb.kind}",
        f"f:{family} k:{verb.kind}",
        f"v:{verb.base}",
        f"n:{clause.frame.name} k:{verb.kind}",
    }
    end = clause.at + verb.length
    rest = row[end:]
    following = rest[0] if rest else "$"
    kind = _OBJECTS.get(following, "$" if following == "$" else "word")
    found.update({f"o:{kind}", f"o:{kind} k:{verb.kind}", f"f:{family} o:{kind}", f"vo:{verb.base} {kind}"})
    found.add(f"#{sum(len(rest) > bound for bound in _LENGTHS)}")
    found.update(f"c:{cue}" for cue in _cues(sentence, clause))
    for name in _dates(sentence, clause):
        found.update({f"d:{name}", f"d:{name} k:{verb.kind}", f"d:{name} f:{family}"})
    found.update(f"w:{word}" for word in _object(rest))
    near = sentence.tokens[max(0, clause.first - _SCOPE) : clause.at + _REACH]
    found.update(f"g:{name}" for name in word_features(near, punctuated=False))
    if sentence.quoted(clause.at):
        found.add("quoted")
    if sentence.people:
        found.update({"p:named", f"p:named {family}"})
    if sentence.asks:
        found.update({"q", f"q {family}"})
    if verb.base == "be" and following != "$":
        found.add("be+")
    return found


def _object(rest: Sequence[str]) -> list[str]:
    """The first two words behind the verb that mean something."""
    light = words("function_words.txt") | words("stop.txt")
    return [word for word in rest[:_SCOPE] if word not in light][:2]


def _cues(sentence: Sentence, clause: Clause) -> set[str]:
    """Words of `cues.txt`: `before.*` in the words before the clause, `after.*` behind its verb, `any.*` in the whole sentence."""
    row = sentence.row
    before = " ".join(row[max(0, clause.first - _SCOPE) : clause.at])
    after = " ".join(row[clause.at : clause.at + 2 * _SCOPE + clause.verb.length])
    whole = " ".join(row)
    scopes = {"before": f" {before} ", "after": f" {after} ", "any": f" {whole} "}
    found = set()
    for heading, entries in sections("cues.txt").items():
        scope = scopes[heading.split(".")[0]]
        if any(f" {entry} " in scope for entry in entries):
            found.add(heading)
    if clause.first == 0 or all(word in words("openers.txt") or word == "@name" for word in row[: clause.first]):
        found.add("leads")
    return found


def _dates(sentence: Sentence, clause: Clause) -> set[str]:
    found = set()
    for read in sentence.dates:
        found.add("any")
        if read.last >= clause.at:
            found.add("deadline" if read.deadline else "after")
    return found
