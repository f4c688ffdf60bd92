from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conversations.rsql import Comparison, parse
from engine.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name==Weekly", [Comparison("name", "==", ("Weekly",))]),
        ("conversation.name!='a b'", [Comparison("name", "!=", ("a b",))]),
        (
            "startTime=ge=2026-01-31T12:00:00.000Z;startTime<2026-02-01",
            [Comparison("startTime", ">=", ("2026-01-31T12:00:00.000Z",)), Comparison("startTime", "<", ("2026-02-01",))],
        ),
        (
            'metadata.agent-Id=in=(anna, "bob \\"b\\"") and name=out=(x)',
            [Comparison("metadata.agent-Id", "in", ("anna", 'bob "b"')), Comparison("name", "out", ("x",))],
        ),
        (" name == a ; name != b ", [Comparison("name", "==", ("a",)), Comparison("name", "!=", ("b",))]),
    ],
)
def test_a_filter_is_read(text: str, expected: list[Comparison]) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "character 1"),
        ("name", "character 1"),
        ("name=x", "character 1"),
        ("name==", "character 7"),
        ("name==a,name==b", "no OR"),
        ("name==a or name==b", "no OR"),
        ("name==a name==b", "character 8"),
        ("name=in=a", "character 9"),
        ("name=in=(a", "character 11"),
        ("a==1;b==2;c==3", "two"),
        (";".join(["a==1"] * 21), "20"),
        ("a==" + "b" * 3_000, "2048"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place(text: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says if says != "two" else "2 different"):
        parse(text)


@given(st.text(alphabet="ab.=!<>;,()'\" \\*", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except BadRequest:
        return
    assert all(one.selector and one.values for one in found)
