from __future__ import annotations

import pytest

from bot.meetings.notice import notice
from bot.settings import LanguageModelSettings
from tests.bot.fakes import FakeThread


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("", None),
        ("http://127.0.0.1:11434/v1", None),
        ("http://localhost:8080", None),
        ("http://[::1]:8080/v1", None),
        ("https://api.example.com/v1", "api.example.com"),
        ("http://192.168.1.20:11434/v1", "192.168.1.20"),
    ],
)
def test_the_notice_says_where_the_transcript_is_sent(url: str, host: str | None) -> None:
    sent_to = LanguageModelSettings(LANGUAGE_MODEL_URL=url).remote_host
    assert sent_to == host
    text = notice(FakeThread(), sent_to=sent_to)
    assert text.startswith("**I am listening in this channel.**")
    assert text.count("\n") == (3 if host else 2)
    assert (f"is sent to a language model at `{host}`" in text) == bool(host)
