"""What losing packets costs: word error rates of speech that went through Opus: `python -m benchmarks.recognition_loss [--speech FOLDER]`.

Clips are encoded as Discord does (48 kHz stereo, 64 kbit/s), packets are lost at random, and what is lost is filled as the bot fills it:
from the copy that in-band FEC puts into the next packet, else by libopus' own guess.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from audio.opus import OpusDecoder
from audio.pcm import FRAME_SAMPLES
from benchmarks.decode_paths import encode
from benchmarks.recognition import transcribe
from benchmarks.speech import HEADLINE, SHIPPED, load, word_error_rate
from engine.recognition import pool as recognition
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

_BITRATE: Final = 64_000
_LOSS: Final = 0.05


def arrive(packets: Sequence[bytes], loss: float, seed: int = 0) -> bytes:
    """16 kHz mono LINEAR16 of the packets that come through."""
    lost = np.random.default_rng(seed).random(len(packets)) < loss
    decoder, sound, missing = OpusDecoder(), bytearray(), 0
    for packet, gone in zip(packets, lost, strict=True):
        if gone:
            missing += 1
            continue
        for left in range(missing, 0, -1):
            sound += decoder.recover(packet, FRAME_SAMPLES) if left == 1 else decoder.conceal(FRAME_SAMPLES)
        missing = 0
        sound += decoder.decode(packet)
    return bytes(sound)


async def measure(folder: Path, seeds: Sequence[int]) -> dict[str, float]:
    """Headline word error rates, in per cent: all packets there, and packets lost (mean over `seeds`)."""
    clips = load(folder, HEADLINE)
    sent = [encode(clip.pcm(), _BITRATE) for clip in clips]
    pool = await recognition.start(EngineSettings())
    try:
        whole = [await transcribe(pool, arrive(packets, 0.0)) for packets in sent]
        lossy = [await transcribe(pool, arrive(packets, _LOSS, seed)) for seed in seeds for packets in sent]
    finally:
        await pool.close()
    references = [clip.text for clip in clips]
    found = {
        "wer_opus": word_error_rate(references, whole),
        "wer_opus_5_percent_lost": word_error_rate(references * len(seeds), lossy),
    }
    return {**found, "points_worse": found["wer_opus_5_percent_lost"] - found["wer_opus"]}


def main() -> None:
    """Measure, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speech", type=Path, default=SHIPPED, help="a folder with manifest.jsonl and recordings")
    parser.add_argument("--seed", type=int, nargs="+", default=[0, 1], help="which packets are lost")
    given = parser.parse_args()
    found = asyncio.run(measure(given.speech, given.seed))
    table = Table("figure", "value", title="Opus at 64 kbit/s")
    for name, value in found.items():
        table.add_row(name.replace("_", " "), f"{value:.2f}")
    Console().print(table)
    print(json.dumps({"benchmark": "recognition_loss", **found}))


if __name__ == "__main__":
    main()
