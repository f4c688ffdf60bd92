"""`python -m sandbox`: a Discord in a box in which a recorded meeting is held, for whichever bot connects to it.

The first line on stdout is one JSON object: the environment that the bot needs. What follows is for people.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from sandbox.app import Sandbox
from sandbox.errors import SandboxError
from sandbox.people.script import Meeting
from sandbox.play import Script, Stage
from sandbox.screen import Screen
from sandbox.voice.impairments import Impairments

DEFAULT_MEETING = Path(__file__).parent / "meetings" / "weekly-sync"
_REORDERED = 0.02
"""Share of packets that `--reorder` holds back."""


def main(arguments: list[str] | None = None) -> int:
    """Run the stage; the exit code is 0 when all that was said stands in the thread under the right names."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # whoever reads the pipe expects it, on Windows too
    options = _parser().parse_args(arguments)
    if not 0.0 <= options.loss < 1.0 or options.jitter < 0.0:
        print("sandbox: --loss is a share from 0 to 1, --jitter a number of milliseconds.", file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    try:
        return asyncio.run(_perform(options))
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr, flush=True)  # noqa: T201 - a program's own words
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Hold a recorded meeting in a simulated Discord.")
    parser.add_argument("--meeting", type=Path, default=DEFAULT_MEETING, help="folder with meeting.json and one FLAC a speaker")
    parser.add_argument("--loss", type=float, default=0.0, help="share of voice packets that are lost, like 0.05")
    parser.add_argument(
        "--jitter", type=float, default=0.0, metavar="MS", help="up to so many ms of random delay for each packet"
    )
    parser.add_argument("--reorder", action="store_true", help="let some packets overtake others")
    parser.add_argument("--no-speaking-events", action="store_true", help="never say whose SSRC is whose (op 5)")
    parser.add_argument("--join-late", metavar="NAME", help="this person comes in the middle of the meeting")
    parser.add_argument("--leave-early", metavar="NAME", help="this person goes in the middle of the meeting")
    parser.add_argument("--seed", type=int, default=0, help="of all that is random")
    parser.add_argument("--out", type=Path, help="folder for what the bot attached (default: a new one in the temporary folder)")
    return parser


async def _perform(options: argparse.Namespace) -> int:
    _cancel_on_terminate()
    meeting = Meeting.load(options.meeting)
    script = Script(meeting, late=_speaker(meeting, options.join_late), early=_speaker(meeting, options.leave_early))
    out = options.out or Path(tempfile.gettempdir(), f"minutes-demo-{os.getpid()}")
    impairments = Impairments(loss=options.loss, jitter_ms=options.jitter, reorder=_REORDERED if options.reorder else 0.0)
    async with Sandbox(announce_speaking=not options.no_speaking_events, impairments=impairments, seed=options.seed) as sandbox:
        screen = Screen(Console(highlight=False), sandbox, tuple(meeting.names.values()))
        stage = Stage(sandbox, script, screen, out)
        await stage.seat()
        print(json.dumps(sandbox.env()), flush=True)  # noqa: T201 - read by the program that started this one
        verdict = await stage.perform()
    complaint = verdict.complaint()
    if complaint:
        raise SandboxError(complaint)
    return 0


def _speaker(meeting: Meeting, name: str | None) -> str | None:
    """The speaker that is meant by a name; case does not matter."""
    if name is None:
        return None
    for speaker, display_name in meeting.names.items():
        if name.casefold() in {speaker.casefold(), display_name.casefold()}:
            return speaker
    raise SandboxError(f"Nobody in the meeting is called {name}: choose from {', '.join(meeting.names.values())}.")


def _cancel_on_terminate() -> None:
    """End in order when the program that started this one says so; Windows knows only the way of Ctrl-C."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


if __name__ == "__main__":
    raise SystemExit(main())
