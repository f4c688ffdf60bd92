"""Draw the README's picture of a thread from what the demo posted: HTML that looks like Discord, for a browser's screenshot.

minutes demo --out demo-out
python docs/images/draw_thread.py demo-out/thread.json thread.html
chromium --headless --screenshot=docs/images/thread.png --window-size=860,1180 thread.html
"""

from __future__ import annotations

import html
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

SHOWN = 9
"""Messages from the beginning; then those of the summary."""

STYLE = """
body { margin: 0; background: #313338; color: #dbdee1; font: 15px/1.4 'gg sans', 'Noto Sans', 'DejaVu Sans', sans-serif; }
header { padding: 12px 20px; border-bottom: 1px solid #26272b; font-weight: 600; color: #f2f3f5; }
.message { display: flex; gap: 14px; padding: 6px 20px; }
.face { width: 38px; height: 38px; border-radius: 50%; background: #5865f2; color: #fff; display: grid; place-items: center; flex: none; }
.body { flex: 1; }
.who { font-weight: 600; color: #f2f3f5; } .bot { background: #5865f2; color: #fff; font-size: 10px; padding: 1px 4px; border-radius: 3px; margin: 0 6px; }
h2 { font-size: 19px; margin: 4px 0; color: #f2f3f5; } h3 { font-size: 16px; margin: 10px 0 2px; color: #f2f3f5; }
code { background: #2b2d31; padding: 1px 4px; border-radius: 3px; font-size: 13px; }
pre { background: #2b2d31; padding: 8px 10px; border-radius: 4px; margin: 4px 0; font: 13px/1.35 'DejaVu Sans Mono', monospace; }
ul { margin: 2px 0; padding-left: 22px; } a { color: #00a8fc; text-decoration: none; } small { color: #949ba4; }
.time { background: #3c3f45; border-radius: 3px; padding: 0 3px; } .more { padding: 4px 20px 4px 72px; color: #949ba4; }
.file { background: #2b2d31; border: 1px solid #26272b; border-radius: 6px; padding: 8px 12px; display: inline-block; margin-top: 6px; }
"""


def inline(text: str) -> str:
    """Bold, code, links, times and escapes of one line."""
    text = html.escape(re.sub(r"\\(\W)", r"\1", text), quote=False)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
    text = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', text)
    return re.sub(
        r"&lt;t:(\d+):D&gt;",
        lambda found: f'<span class="time">{datetime.fromtimestamp(int(found[1]), UTC):%-d %B %Y}</span>',
        text,
    )


def block(content: str) -> str:
    """One message's Markdown."""
    parts = []
    for index, piece in enumerate(content.split("```")):
        if index % 2:
            parts.append(f"<pre>{html.escape(piece.strip())}</pre>")
            continue
        for line in piece.strip("\n").split("\n"):
            for mark, opening, closing in (
                ("### ", "<h3>", "</h3>"),
                ("## ", "<h2>", "</h2>"),
                ("-# ", "<small>", "</small>"),
                ("- ", "<ul><li>", "</li></ul>"),
                ("", "<div>", "</div>"),
            ):
                if line.startswith(mark):
                    parts.append(f"{opening}{inline(line.removeprefix(mark))}{closing}")
                    break
    return "".join(parts).replace("</ul><ul>", "")


def main() -> None:
    """Read the posts, write the page."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    posts: list[str] = json.loads(source.read_text(encoding="utf-8"))
    ending = next(index for index, post in enumerate(posts) if post.startswith("## "))
    title = posts[ending].removeprefix("## ").split(": summary", maxsplit=1)[0]

    def message(parts: list[str], after: str = "") -> str:
        body = "".join(f"<div>{block(part)}</div>" for part in parts)
        return (
            '<div class="message"><div class="face">M</div><div class="body"><span class="who">Minutes</span><span class="bot">APP</span>'
            f"{body}{after}</div></div>"
        )

    page = [
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><header># general &gt; {html.escape(title)}</header>",
        message(posts[:SHOWN]),
        f'<div class="more">… {ending - SHOWN} more posts …</div>',
        message(posts[ending:], '<div class="file">📄 transcript.md</div>'),
    ]
    target.write_text("".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
