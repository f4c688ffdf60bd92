"""Every benchmark in turn: `python -m benchmarks [name ...]`; BENCH_SPEECH and BENCH_INSIGHTS name folders with more data.

What `insights` measures against may not be shipped: it lies in BENCH_INSIGHTS, or beside the project in `../shared/data/insights`.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

INSIGHTS = Path(__file__).parents[2] / "shared" / "data" / "insights"


def commands() -> dict[str, list[str]]:
    """The benchmarks by name, with the arguments that the environment asks for."""
    speech = os.environ.get("BENCH_SPEECH")
    insights = os.environ.get("BENCH_INSIGHTS") or (str(INSIGHTS) if INSIGHTS.is_dir() else None)
    found = {
        "voice": ["benchmarks.voice"],
        "recognition": ["benchmarks.recognition", *(["--speech", speech] if speech else [])],
        "recognition_load": ["benchmarks.recognition_load"],
        "recognition_loss": ["benchmarks.recognition_loss", *(["--speech", speech] if speech else [])],
        "recognition_noise": ["benchmarks.recognition_noise", *(["--speech", speech] if speech else [])],
        "recognition_times": ["benchmarks.recognition_times"],
        "recognition_vocabulary": ["benchmarks.recognition_vocabulary", *(["--speech", speech] if speech else [])],
        "transcribe": ["benchmarks.transcribe", *(["--speech", speech] if speech else [])],
        "latency": ["benchmarks.latency"],
        "conversations": ["benchmarks.conversations"],
        "streaming_load": ["benchmarks.streaming_load"],
        "page": ["benchmarks.page"],
    }
    if insights:
        found["insights"] = ["benchmarks.insights", "--data", insights]
    return found


def main() -> int:
    """Run the named benchmarks, or all; the exit code says how many failed."""
    known = commands()
    names = sys.argv[1:] or list(known)
    if unknown := [name for name in names if name not in known]:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known)}.", file=sys.stderr)
        return 2
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}", flush=True)
    failed = 0
    for name in names:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", *known[name]], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
