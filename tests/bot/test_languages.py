from __future__ import annotations

import pytest

from bot.errors import RefusedError
from bot.languages import code_of, name_of, suggestions


@pytest.mark.parametrize(
    ("text", "code"),
    [("German", "de"), (" deutsch ", "de"), ("de", "de"), ("pt-BR", "pt-BR"), ("DE", "DE"), ("日本語", "ja"), ("auto", "auto")],
)
def test_a_language_is_named_or_spelled_as_a_code(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize("text", ["", "Klingon", "xx", "de_", "-de", "german please"])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="I know no language"):
        code_of(text)


def test_codes_have_names() -> None:
    assert [name_of(code) for code in ("de-AT", "DE", "auto", "xx")] == ["German", "German", "detected for each speaker", "xx"]


def test_what_is_typed_is_completed_from_any_name() -> None:
    assert suggestions("por", 25) == [("Portuguese / Português", "pt")]
    assert ("German / Deutsch", "de") in suggestions("De", 25)
    assert len(suggestions("", 25)) == 25
