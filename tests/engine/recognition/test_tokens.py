from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.recognition.tokens import END, Tokens, read_tokens

if TYPE_CHECKING:
    from pathlib import Path

BYTES = [bytes([value]) for value in range(256)]
MERGED = [b"\xe2\x96\x81", "é".encode(), b"an", b"\xe2\x96\x81a", b"ana", b"\xe2\x96\x81an", b"."]
TOKENS = Tokens([b"<unk>", b"<s>", b"</s>", *BYTES, *MERGED])


def number(piece: bytes) -> int:
    return 259 + MERGED.index(piece) if piece in MERGED else 3 + piece[0]


def test_text_is_spelled_by_the_earliest_merges_first() -> None:
    assert TOKENS.encode("ana") == (number(b"\xe2\x96\x81"), number(b"ana"))
    assert TOKENS.encode("an") == (number(b"\xe2\x96\x81an"),)
    assert TOKENS.encode("as") == (number(b"\xe2\x96\x81a"), number(b"s"))


def test_what_has_no_token_is_spelled_in_bytes_and_reads_back() -> None:
    assert TOKENS.encode("z") == (number(b"\xe2\x96\x81"), number(b"z"))
    for text in ("anas é", "Łódź", "中"):
        assert TOKENS.text(TOKENS.encode(text)) == text


def test_text_leaves_out_marks_and_half_letters() -> None:
    assert TOKENS.text([1, *TOKENS.encode("an"), 3 + 0xC3, END]) == "an"


@pytest.mark.parametrize(("piece", "may_end"), [(b"an", False), (b"\xe2\x96\x81a", True), (b".", True), (b"s", True)])
def test_where_a_word_may_end(piece: bytes, *, may_end: bool) -> None:
    assert TOKENS.ends_word_before(number(piece)) is may_end
    assert TOKENS.ends_word_before(END)


def test_the_file_has_lengths_of_one_and_of_two_bytes(tmp_path: Path) -> None:
    long = bytes(range(65, 91)) * 6
    file = tmp_path / "tokenizer.bin"
    size = len(long)
    start = b"".join(bytes([1, value]) for value in b"usx")
    file.write_bytes(start + bytes([2]) + b"ab" + bytes([size % 128 + 128, size // 128]) + long + bytes([1]) + b"z")
    assert read_tokens(file).text([3, 4, 5]) == f"ab{long.decode()}z"
