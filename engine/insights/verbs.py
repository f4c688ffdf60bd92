"""What a verb means for a promise, in whatever form it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from engine.insights.lexicon import lines, mapping, sections
from engine.insights.templates import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

VerbClass = Literal["contact", "session", "work", "state", "other"]
Form = Literal["base", "ing", "ed"]

_ORDER: tuple[VerbClass, ...] = ("contact", "session", "work", "state")
_VOWELS = frozenset("aeiou")
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb with its particle in base form, its class, and the number of words it took."""

    base: str
    kind: VerbClass
    length: int


@cache
def _classes() -> dict[str, VerbClass]:
    found: dict[str, VerbClass] = {}
    lists = sections("verbs.txt")
    for kind in _ORDER:
        for entry in lists[kind]:
            found.setdefault(entry, kind)
    return found


@cache
def _bases() -> frozenset[str]:
    return frozenset(entry.split()[0] for entry in _classes())


def base(word: str, form: Form = "base") -> str:
    """The base form of a verb that stands as `form`; the word itself where it is none."""
    if form == "base":
        return word
    if form == "ed":
        irregular = mapping("irregular.txt").get(word)
        if irregular:
            return irregular
    suffix = "ing" if form == "ing" else "ed"
    if not word.endswith(suffix) or len(word) < len(suffix) + 2:
        return word
    stem = word[: -len(suffix)]
    candidates = [stem, stem + "e", stem[:-1]]
    if form == "ed":
        candidates.append(stem[:-1] + "y" if stem.endswith("i") else stem)
    for candidate in candidates:
        if candidate in _bases():
            return candidate
    return stem


def inflected(verb: str, form: Form) -> bool:
    """Whether a word looks like a verb in that form."""
    if form == "ing":
        return (
            len(verb) > 4
            and verb.endswith("ing")
            and verb not in {"thing", "something", "nothing", "anything", "everything", "morning", "evening"}
        )
    if form == "ed":
        return verb in mapping("irregular.txt") or (len(verb) > 3 and verb.endswith("ed"))
    return verb in _bases()


def classify(words: Sequence[str], at: int, form: Form = "base") -> Verb:
    """The verb at a place of a row of words, with the longest particle that the lists know.

    A template of `contact.txt` that fits there makes it a contact whatever the verb.
    """
    first = base(words[at], form)
    following = [first, *words[at + 1 : at + _LONGEST]]
    known = _classes()
    found = Verb(first, "other", 1)
    for length in range(len(following), 0, -1):
        kind = known.get(" ".join(following[:length]))
        if kind is not None:
            found = Verb(" ".join(following[:length]), kind, length)
            break
    if found.kind != "contact" and _is_contact([first, *words[at + 1 : at + 9]]):
        return Verb(found.base, "contact", found.length)
    return found


def _is_contact(words: Sequence[str]) -> bool:
    row = " ".join(words) + " "
    return any(compiled(template).match(row) for template in lines("contact.txt"))


@lru_cache(maxsize=8_192)
def is_verb(word: str) -> bool:
    """Whether a word is a verb of the lists in any form, a form of which the base is one included."""
    return (
        word in _bases()
        or any(inflected(word, form) and base(word, form) in _bases() for form in ("ing", "ed"))
        or word.removesuffix("s") in _bases()
    )
