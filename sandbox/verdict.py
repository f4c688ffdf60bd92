"""Whether a thread holds what was said in a meeting: word error rates, and each sentence under its speaker's name."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from sandbox.wer import Errors, best_match, word_errors, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.transcript import Transcript

RECOGNISABLE = 0.5
"""A turn counts as written down where at most this share of its words is wrong."""
TIMELY = 2.0
"""A block's time is right when it is at most so many seconds outside the turn that it begins in."""
_OPENING = 8
"""Words of a block by which its turn is found."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the script, with the name of who said it; `start` and `end` in seconds on the script's clock."""

    name: str
    text: str
    start: float = 0.0
    end: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The thread beside the script."""

    errors: dict[str, Errors]
    """By name, everybody who speaks in the script."""
    turns: dict[str, int]
    """How many turns each of them has."""
    misplaced: tuple[tuple[Said, str], ...]
    """Turns that stand under another's name, with that name."""
    missing: tuple[Said, ...]
    """Turns that stand nowhere."""
    strangers: tuple[str, ...]
    """Names in the thread that nobody in the script has."""
    time_errors: tuple[float, ...] = ()
    """For each block that could be found in the script: seconds between its time and the turn, 0 when it is inside."""

    @property
    def untimely(self) -> int:
        """How many blocks have a wrong time."""
        return sum(each > TIMELY for each in self.time_errors)

    @property
    def overall(self) -> Errors:
        """All speakers together."""
        return sum(self.errors.values(), Errors(0, 0))

    def own(self, name: str) -> int:
        """How many of somebody's turns stand under their own name."""
        elsewhere = [turn for turn in self.missing if turn.name == name]
        return self.turns[name] - len(elsewhere) - sum(turn.name == name for turn, _ in self.misplaced)

    def complaint(self) -> str:
        """One sentence about what is wrong, empty when every sentence stands under its own name and time."""
        if self.strangers:
            return f"The thread has a name that nobody in the meeting has: {self.strangers[0]}."
        if self.misplaced:
            turn, name = self.misplaced[0]
            return f"{len(self.misplaced)} of {sum(self.turns.values())} turns stand under a wrong name, the first is {turn.name}'s under {name}: {turn.text}"
        if self.missing:
            turn = self.missing[0]
            return f"{len(self.missing)} of {sum(self.turns.values())} turns are not in the thread, the first is {turn.name}'s: {turn.text}"
        if self.untimely:
            return f"{self.untimely} of {len(self.time_errors)} times are wrong, the worst by {max(self.time_errors):.0f} s."
        return ""


def judge(script: Sequence[Said], transcript: Transcript) -> Verdict:
    """Compare. A turn's place is the name under which it is best recognised."""
    names = list(dict.fromkeys(turn.name for turn in script))
    written = {name: transcript.said_by(name) for name in {*names, *transcript.names()}}
    misplaced: list[tuple[Said, str]] = []
    missing: list[Said] = []
    for turn in script:
        rates = {name: best_match(turn.text, text).rate for name, text in written.items()}
        if rates[turn.name] <= RECOGNISABLE:
            continue
        best = min(rates, key=lambda name: rates[name])
        if rates[best] <= RECOGNISABLE:
            misplaced.append((turn, best))
        else:
            missing.append(turn)
    return Verdict(
        errors={name: word_errors(" ".join(turn.text for turn in script if turn.name == name), written[name]) for name in names},
        turns={name: sum(turn.name == name for turn in script) for name in names},
        misplaced=tuple(misplaced),
        missing=tuple(missing),
        strangers=tuple(name for name in transcript.names() if name not in names),
        time_errors=tuple(_time_errors(script, transcript)),
    )


def _time_errors(script: Sequence[Said], transcript: Transcript) -> list[float]:
    """How far the blocks' times are from the script's, beside what all have in common: the two clocks do not begin together."""
    pairs: list[tuple[float, Said]] = []
    for block in transcript.blocks:
        opening = " ".join(words(block.text)[:_OPENING])
        turns = [turn for turn in script if turn.name == block.name]
        if opening and turns:
            turn = min(turns, key=lambda each: best_match(opening, each.text).rate)
            if best_match(opening, turn.text).rate <= RECOGNISABLE:
                pairs.append((block.at, turn))
    if not pairs:
        return []
    begin = median(at - turn.start for at, turn in pairs)
    return [max(0.0, turn.start + begin - at, at - turn.end - begin) for at, turn in pairs]
