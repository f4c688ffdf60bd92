"""Whether a thread holds what was said in a meeting: word error rates, and each sentence under its speaker's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.wer import Errors, best_match, word_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.transcript import Transcript

RECOGNISABLE = 0.5
"""A turn counts as written down where at most this share of its words is wrong."""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the script, with the name of who said it."""

    name: str
    text: str


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

    @property
    def overall(self) -> Errors:
        """All speakers together."""
        return sum(self.errors.values(), Errors(0, 0))

    def own(self, name: str) -> int:
        """How many of somebody's turns stand under their own name."""
        elsewhere = [turn for turn in self.missing if turn.name == name]
        return self.turns[name] - len(elsewhere) - sum(turn.name == name for turn, _ in self.misplaced)

    def complaint(self) -> str:
        """One sentence about what is wrong, empty when every sentence stands under its own name."""
        if self.strangers:
            return f"The thread has a name that nobody in the meeting has: {self.strangers[0]}."
        if self.misplaced:
            turn, name = self.misplaced[0]
            return f"{len(self.misplaced)} of {sum(self.turns.values())} turns stand under a wrong name, the first is {turn.name}'s under {name}: {turn.text}"
        if self.missing:
            turn = self.missing[0]
            return f"{len(self.missing)} of {sum(self.turns.values())} turns are not in the thread, the first is {turn.name}'s: {turn.text}"
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
    )
