"""Recorded speech with its words, and word error rates: what benchmarks and tests of recognition share."""

from __future__ import annotations

import functools
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jiwer

from audio.files import read_pcm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from whisper_normalizer.english import EnglishTextNormalizer

SHIPPED: Final = Path(__file__).parent.parent / "tests" / "data" / "speech"
HEADLINE: Final = frozenset({"read", "spontaneous", "meeting", "noisy"})
"""The kinds that say something about meetings; verse and single words are reported apart."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance. `duration` in seconds."""

    id: str
    file: Path
    text: str
    kind: str
    duration: float

    def samples(self) -> NDArray[np.int16]:
        """16 kHz mono."""
        return read_pcm(self.file)

    def pcm(self) -> bytes:
        """16 kHz mono LINEAR16."""
        return self.samples().astype("<i2").tobytes()


def load(folder: Path = SHIPPED, kinds: frozenset[str] | None = None) -> list[Clip]:
    """The clips that `manifest.jsonl` in a folder lists, of some kinds or of all."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    items = [json.loads(line) for line in lines if line.strip()]
    clips = [Clip(item["id"], folder / item["audio"], item["text"], item["kind"], item["duration"]) for item in items]
    return [clip for clip in clips if kinds is None or clip.kind in kinds]


def plain(text: str) -> str:
    """A text as errors are counted in it: after Whisper's English normaliser (case, punctuation, numbers, fillers)."""
    normal: str = _normaliser()(text)
    return normal


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Errors for a hundred words over all texts as `plain` has them."""
    pairs = [(plain(reference), plain(hypothesis)) for reference, hypothesis in zip(references, hypotheses, strict=True)]
    pairs = [pair for pair in pairs if pair[0]]
    counted = jiwer.process_words([reference for reference, _ in pairs], [hypothesis for _, hypothesis in pairs])
    return 100.0 * float(counted.wer)


def rates(clips: Sequence[Clip], texts: Sequence[str]) -> dict[str, float]:
    """Word error rates, in per cent: `headline`, then each kind."""
    groups: dict[str, Iterable[str]] = {"headline": HEADLINE, **{kind: {kind} for kind in sorted({clip.kind for clip in clips})}}
    result: dict[str, float] = {}
    for name, kinds in groups.items():
        chosen = [(clip.text, text) for clip, text in zip(clips, texts, strict=True) if clip.kind in kinds]
        if chosen:
            result[name] = word_error_rate([reference for reference, _ in chosen], [text for _, text in chosen])
    return result


@functools.cache
def _normaliser() -> EnglishTextNormalizer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own docstrings have invalid escapes
        from whisper_normalizer.english import EnglishTextNormalizer  # noqa: PLC0415 - only here can its warnings be kept apart

        return EnglishTextNormalizer()
