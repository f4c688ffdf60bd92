"""A person's vocabulary in the decoding: where a name of it is nearly as likely as what the model wrote, the name is taken.

Shallow fusion, done as second thoughts on the path that was found. A detour leaves the path where the first token of a phrase is among the model's
own candidates, spells the phrase, and goes on greedily until it says again what the path says. Both have then spoken the same sound, so
their log-probabilities can be compared. The phrase has a bonus for its length and for looking like what stood there (`Marika`, `Maarika`);
other words that change with it count against it. Where no phrase comes near, nothing changes.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.recognition.tokens import END

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from engine.recognition.graphs import Graphs, Tensors
    from engine.recognition.tokens import Tokens

_CANDIDATES: Final = 64
"""A detour begins with one of so many likeliest tokens."""
_SHORTEST: Final = 3
"""Letters of a phrase that can be told from other sounds at all."""
_BONUS_A_LETTER: Final = 1.75
_LARGEST_BONUS: Final = 8.25
"""In log-probability: at seven letters and more."""
_LIKENESS: Final = 10.0
"""Bonus for letters in common with what stood there, from half of them on; below half it is taken off."""
_LARGEST_LIKENESS: Final = 4.0
_LEAST_LIKENESS: Final = -3.0
_ANOTHER_WORD: Final = 1.5
"""Taken off for each other word that changes with a phrase."""
_SAME_LETTERS: Final = 3.0
"""All that a phrase gets where only its capitals are new: `will` may be a verb. A hyphen is no such doubt: it goes where the phrase has none."""
_REJOINED: Final = 3
"""Tokens in common after which two paths are one again."""
_LONGEST_TAIL: Final = 10
"""Tokens after the phrase within which a detour must be back on the path."""
_STEPS_A_TOKEN: Final = 1.0
"""Steps of the decoder that detours may take, for each token of the path."""
_SPARE_STEPS: Final = 24
MOST_PHRASES: Final = 1_000
"""Phrases that are looked at."""


@dataclass(slots=True)
class Path:
    """Tokens, the end among them, and their log-probabilities."""

    tokens: list[int]
    certainty: list[float]


@dataclass(frozen=True, slots=True)
class Branching:
    """A place of the path where phrases may begin, with the log-probabilities of their first tokens."""

    at: int
    first: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """`heard`: tokens as the model may spell it; `written`: tokens as the person spells it; `words`: to compare it by."""

    heard: tuple[int, ...]
    written: tuple[int, ...]
    words: list[str]

    @property
    def letters(self) -> str:
        return "".join(self.words)

    @property
    def bonus(self) -> float:
        return min(_LARGEST_BONUS, _BONUS_A_LETTER * (len(self.letters) - _SHORTEST + 1))


@dataclass(frozen=True, slots=True)
class _Detour:
    """Tokens in place of `path[start:end]`; `gain` is what they are worth more."""

    gain: float
    start: int
    end: int
    tokens: tuple[int, ...]
    certainty: tuple[float, ...]


@dataclass(slots=True)
class _Reached:
    """The decoder after some tokens of a phrase: its state, what it says next, and what the tokens were worth."""

    state: Tensors
    following: NDArray[np.float32]
    certainty: tuple[float, ...]


class Bias:
    """A vocabulary, made ready for decoding. Threads may share it."""

    def __init__(self, phrases: Sequence[str], tokens: Tokens) -> None:
        self._tokens = tokens
        self._beginning: dict[int, list[_Phrase]] = {}
        for phrase in dict.fromkeys(" ".join(phrase.split()) for phrase in phrases[:MOST_PHRASES]):
            words = [_letters(word) for word in phrase.split()]
            if sum(map(len, words)) >= _SHORTEST:
                for heard, written in _casings(phrase):
                    made = _Phrase(tokens.encode(heard), tokens.encode(written), words)
                    self._beginning.setdefault(made.heard[0], []).append(made)

    def branching(self, at: int, logits: NDArray[np.float32]) -> Branching | None:
        """Whether phrases may begin at token `at`, where the decoder says `logits`."""
        if not self._beginning:
            return None
        likely = [int(token) for token in np.argpartition(logits, -min(_CANDIDATES, len(logits)))[-_CANDIDATES:]]
        if self._beginning.keys().isdisjoint(likely):
            return None
        scores = log_probabilities(logits)
        return Branching(at, {token: float(scores[token]) for token in likely if token in self._beginning})

    def reconsider(self, path: Path, branchings: Sequence[Branching], graphs: Graphs, state: Tensors) -> None:
        """Put the phrases into the path that are likelier, with their bonus, than what stands there.

        Args:
            path: as decoded; changed in place.
            branchings: where phrases may begin.
            graphs: the decoder.
            state: its state after the path.
        """
        if not branchings:
            return
        search = _Search(path, self._tokens, graphs, state)
        wanted = [
            (search.promise(branching, phrase), order, branching, phrase)
            for order, branching in enumerate(branchings)
            for token in branching.first
            for phrase in self._beginning[token]
        ]
        promising = sorted((item for item in wanted if item[0] > 0), key=lambda item: (-item[0], item[1]))
        detours = [detour for _, _, branching, phrase in promising for detour in search.detour(branching, phrase)]
        taken: list[_Detour] = []
        for detour in sorted(detours, key=lambda detour: -detour.gain):
            if all(detour.end <= other.start or other.end <= detour.start for other in taken):
                taken.append(detour)
        for detour in sorted(taken, key=lambda detour: -detour.start):
            path.tokens[detour.start : detour.end] = detour.tokens
            path.certainty[detour.start : detour.end] = detour.certainty


@dataclass(slots=True)
class _Search:
    """Detours from one path, within a number of steps."""

    path: Path
    tokens: Tokens
    graphs: Graphs
    state: Tensors
    _left: int = field(init=False)
    _worth: list[float] = field(init=False)
    _reached: dict[tuple[int, tuple[int, ...]], _Reached] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._left = int(len(self.path.tokens) * _STEPS_A_TOKEN) + _SPARE_STEPS
        self._worth = [0.0, *(float(value) for value in np.cumsum(self.path.certainty))]

    def promise(self, branching: Branching, phrase: _Phrase) -> float:
        """About the most that a phrase can gain here, as far as can be told without a step."""
        at = branching.at
        standing = _letters(self.tokens.text(self.path.tokens[at : at + len(phrase.heard) + 2]))[: len(phrase.letters) + 1]
        likeness = min(_LARGEST_LIKENESS, _likeness(standing, phrase.letters) + 2)
        return branching.first[phrase.heard[0]] + phrase.bonus + likeness - self._cost(branching, phrase)

    def detour(self, branching: Branching, phrase: _Phrase) -> Iterator[_Detour]:
        """The way through a phrase and back, if it gains: none or one."""
        most = phrase.bonus + _LARGEST_LIKENESS - self._cost(branching, phrase)
        reached = self._spell(branching, phrase, most)
        if reached is None:
            return
        start, state, logits = branching.at, dict(reached.state), reached.following
        tail: list[int] = []
        scores: list[float] = []
        end: int | None = None
        while end is None:
            token = int(logits.argmax())
            tail.append(token)
            scores.append(float(logits[token]))
            hopeless = sum(reached.certainty) + sum(scores) + most <= 0
            if hopeless or (len(tail) == 1 and not self.tokens.ends_word_before(token)):
                return
            end = self._met(start, tail)
            if end is None:
                if len(tail) >= _LONGEST_TAIL or token == END or self._left <= 0:
                    return
                logits = self._step(state, token)
        gain = sum(reached.certainty) + sum(scores) - (self._worth[end] - self._worth[start])
        gain += self._bonus(phrase, self.path.tokens[start:end], tail)
        if gain > 0:
            spread = (sum(reached.certainty) / len(phrase.written),) * len(phrase.written)
            yield _Detour(gain, start, end, (*phrase.written, *tail), (*spread, *scores))

    def _cost(self, branching: Branching, phrase: _Phrase) -> float:
        """The log-probability of what stands on the path, as far as a detour may reach."""
        end = min(len(self.path.tokens), branching.at + len(phrase.heard) + _LONGEST_TAIL)
        return self._worth[end] - self._worth[branching.at]

    def _spell(self, branching: Branching, phrase: _Phrase, most: float) -> _Reached | None:
        """The decoder after a phrase, unless it is too unlikely before its end. Phrases that begin alike share the steps."""
        reached: _Reached | None = None
        for count, token in enumerate(phrase.heard, start=1):
            score = float(reached.following[token]) if reached else branching.first[token]
            certainty = (*(reached.certainty if reached else ()), score)
            if sum(certainty) + most <= 0:
                return None
            key = (branching.at, phrase.heard[:count])
            if key not in self._reached:
                if self._left <= 0:
                    return None
                state = dict(reached.state) if reached else self.graphs.rewind(self.state, branching.at + 1)
                self._reached[key] = _Reached(state, self._step(state, token), certainty)
            reached = self._reached[key]
        return reached

    def _bonus(self, phrase: _Phrase, standing: Sequence[int], tail: Sequence[int]) -> float:
        """What a phrase gets on top of its log-probability for standing where these tokens stand, with that tail behind it."""
        common = next(
            (i for i, (one, other) in enumerate(zip(standing[::-1], tail[::-1], strict=False)) if one != other), len(tail)
        )
        before = self.tokens.text(standing[: len(standing) - common]).split()
        others = self.tokens.text(tail[: len(tail) - common]).split()
        kept = {_letters(word) for word in others}
        replaced = [letters for letters in map(_letters, before) if letters not in kept]
        changed = sum(any(map(str.isalnum, word)) and word not in before for word in others)
        joined = any("-" in word[1:-1] for word in before) and "-" not in self.tokens.text(phrase.written)
        if replaced == phrase.words and not joined:
            return min(phrase.bonus, _SAME_LETTERS) - _ANOTHER_WORD * changed
        return phrase.bonus + _likeness("".join(replaced), phrase.letters) - _ANOTHER_WORD * changed

    def _met(self, start: int, tail: list[int]) -> int | None:
        """Where the path stands after the last tokens of a detour, if it says the same there."""
        tokens = self.path.tokens
        if tail[-1] == END:
            return len(tokens) if tokens[-1] == END else None
        if len(tail) < _REJOINED:
            return None
        last = min(len(tokens), start + 2 * _LONGEST_TAIL)
        places = range(start + _REJOINED, last + 1)
        return next((end for end in places if tokens[end - _REJOINED : end] == tail[-_REJOINED:]), None)

    def _step(self, state: Tensors, token: int) -> NDArray[np.float32]:
        self._left -= 1
        return log_probabilities(self.graphs.step(state, [token])[0])


def log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Softmax's logarithm."""
    shifted = logits - logits.max()
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum())
    return result


def _casings(phrase: str) -> list[tuple[str, str]]:
    """(as the model may spell it, as it is written): as given, at the beginning of a sentence, and with one capital for `GitHub`."""
    capital = phrase[0].upper() + phrase[1:]
    written = {phrase: phrase, capital: capital}
    if phrase != phrase.lower():
        written.setdefault(" ".join(word.capitalize() for word in phrase.split()), phrase)
    return list(written.items())


def _likeness(one: str, other: str) -> float:
    """The bonus for letters in common."""
    ratio = difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
    return min(_LARGEST_LIKENESS, max(_LEAST_LIKENESS, _LIKENESS * (ratio - 0.5)))


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
