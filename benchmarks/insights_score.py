"""Measures for insights: messages found, phrases met, people and days right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_LIGHT_WORDS = (
    "a an the and or but if then so of to in on at by for from with without into about over under as is are was were be been being am do does "
    "did doing done have has had having will would shall should can could may might must it its this that these those there here he she they him "
    "her them his their we our us you your i me my mine not no nor than too very just also only more most some any all each other such what which "
    "who whom whose when where why how um uh hmm mm yeah okay ok well like know mean think really kind sort bit lot thing things something stuff "
    "going go get got gonna want one two discussion discussions issue issues general opening closing chitchat etc new use using used"
)
_LIGHT = frozenset(_LIGHT_WORDS.split())
_ENDINGS = (
    ("ational", "ate"), ("isations", "is"), ("izations", "iz"), ("isation", "is"), ("ization", "iz"), ("ations", ""), ("ation", ""),
    ("ments", "ment"), ("ities", ""), ("ity", ""), ("iness", "i"), ("ness", ""), ("ingly", ""), ("edly", ""), ("ings", ""), ("ing", ""),
    ("ies", "i"), ("ied", "i"), ("ers", ""), ("er", ""), ("ors", ""), ("or", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", ""), ("y", "i"),
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """Predictions that are right and wrong, gold that is found and missed; sums over meetings."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    missed: int = 0

    def add(self, other: Tally) -> None:
        """Adds the counts of another one."""
        self.right += other.right
        self.wrong += other.wrong
        self.found += other.found
        self.missed += other.missed

    @property
    def precision(self) -> float:
        """The share of predictions that are right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of gold that is found."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def match(predicted: Sequence[Sequence[int]], gold: Iterable[int], *, within: int = 0, ignored: Iterable[int] = ()) -> Tally:
    """Predictions, each the messages it rests on, against gold messages, `within` that many messages.

    A prediction that rests on `ignored` messages alone and is not right counts neither way.
    """
    wanted, free = sorted(set(gold)), set(ignored)
    tally = Tally()
    for places in predicted:
        if any(abs(place - one) <= within for place in places for one in wanted):
            tally.right += 1
        elif not all(place in free for place in places):
            tally.wrong += 1
    all_places = {place for places in predicted for place in places}
    tally.found = sum(any(abs(place - one) <= within for place in all_places) for one in wanted)
    tally.missed = len(wanted) - tally.found
    return tally


def content(text: str) -> list[str]:
    """The stems of the words of a phrase that mean something."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in _LIGHT and len(word) > 1]


def stem(word: str) -> str:
    """A light suffix stripper: enough to make plurals and -ing, -ed and -ation forms meet."""
    word = re.sub(r"'s?$", "", word)
    if len(word) > 4:
        for ending, instead in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)] + instead
                break
    elif len(word) == 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls" else word


def meets(one: str, other: str) -> bool:
    """Whether two phrases share at least half of the content stems of the shorter one."""
    first, second = set(content(one)), set(content(other))
    return bool(first and second) and len(first & second) >= 0.5 * min(len(first), len(second))


def topics(predicted: Sequence[str], gold: Iterable[str], *, most: int = 10) -> Tally:
    """Ranked phrases against labels, the first `most`."""
    phrases = [phrase for phrase in predicted if content(phrase)][:most]
    labels = [label for label in dict.fromkeys(gold) if content(label)]
    right = sum(any(meets(phrase, label) for label in labels) for phrase in phrases)
    found = sum(any(meets(phrase, label) for phrase in phrases) for label in labels)
    return Tally(right, len(phrases) - right, found, len(labels) - found)
