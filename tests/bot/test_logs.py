import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs


@pytest.fixture
def clean() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    for name in ("bot", "cogs", "discord", "discord.client", "httpx", "httpcore", "websockets", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).filters.clear()


@pytest.mark.usefixtures("clean")
def test_libraries_that_could_tell_secrets_stay_quiet_even_when_asked_for_more(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(verbose=True)
    logging.getLogger("discord.gateway").debug("IDENTIFY with the token")
    logging.getLogger("bot.meetings").debug("somebody said something")

    told = capsys.readouterr().err
    assert "token" not in told
    assert "DEBUG   bot.meetings: somebody said something" in told


@pytest.mark.usefixtures("clean")
def test_words_of_a_meeting_are_not_logged_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(verbose=False)
    logging.getLogger("bot.meetings").debug("somebody said something")

    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("clean")
def test_a_lost_connection_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(verbose=False)
    try:
        Path("/nowhere/at/all").read_bytes()
    except OSError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.5)

    [line] = io.StringIO(capsys.readouterr().err).readlines()
    assert "Attempting a reconnect in 1.50s ([Errno 2]" in line
