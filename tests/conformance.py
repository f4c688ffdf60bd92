"""Which endpoints, frames and rules of the API the engine has, and what tests them: `python -m tests.conformance` writes the table."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent
DATA: Final = TESTS / "conformance.toml"
PAGE: Final = TESTS.parent / "docs" / "conformance.md"
COMMAND: Final = "python -m tests.conformance"
INTRODUCTION: Final = f"""\
# What of the API is there, and what tests it

Each row is an endpoint, a frame or a rule of the Streaming, Conversation or Async API as Symbl.ai documented it. A row that names no test
is not implemented. What a program that was written for that service has to change is in [coming-from-symbl.md](coming-from-symbl.md).

This page is made from `tests/conformance.toml` by `{COMMAND}`; a test fails when it is out of date, when it names a test
that does not exist, or when it does not agree with the routes of the engine.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that the API has. `route` is its method and path with `{}` for each parameter, where it has one of its own."""

    what: str
    tests: tuple[str, ...]
    """Paths below `tests`, then `::` and the function."""
    route: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that belong together."""

    title: str
    rows: tuple[Row, ...]


def load() -> tuple[Part, ...]:
    """The table's data."""
    read = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return tuple(
        Part(part["title"], tuple(Row(**{**row, "tests": tuple(row["tests"])}) for row in part["row"])) for part in read["part"]
    )


def render(parts: tuple[Part, ...]) -> str:
    """The page, as Markdown."""
    rows = [row for part in parts for row in part.rows]
    there = sum(bool(row.tests) for row in rows)
    lines = [INTRODUCTION, f"{there} of {len(rows)} rows are implemented.", ""]
    for part in parts:
        lines += [f"## {part.title}", "", "| what | implemented | tested by |", "| --- | --- | --- |"]
        lines += [_line(row) for row in part.rows]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row) -> str:
    what = f"{row.what}<br>{row.note}" if row.note else row.what
    return f"| {what} | {'yes' if row.tests else 'no'} | {'<br>'.join(map(_link, row.tests))} |"


def _link(test: str) -> str:
    path, _, function = test.partition("::")
    return f"[{function.removeprefix('test_').replace('_', ' ')}](../tests/{path})"


@cache
def functions(path: str) -> frozenset[str]:
    """The tests that a file below `tests` defines; none if there is no such file."""
    file = TESTS / path
    if not file.exists():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def shape(path: str) -> str:
    """A path with `{}` for each parameter."""
    return re.sub(r"\{[^}]*\}", "{}", path)


if __name__ == "__main__":
    PAGE.write_text(render(load()), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is up to date.\n")
