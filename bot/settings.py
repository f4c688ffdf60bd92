"""The assistant's settings: read once from the environment and `.env`, built in `cli.py` and passed down."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import SettingsError

_CONFIG = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")
_Settings = TypeVar("_Settings", bound=BaseSettings)


def _address(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            message = f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            raise ValueError(message)
        return value if value.startswith("ws") else value.rstrip("/")  # a gateway's path is taken as it is

    return AfterValidator(check)


class DiscordSettings(BaseSettings):
    """Which Discord, and who the bot is there."""

    model_config = _CONFIG

    token: SecretStr = Field(default=SecretStr(""), validation_alias="DISCORD_TOKEN")
    api_url: Annotated[str, _address("http", "https")] = Field(
        default="https://discord.com/api/v10", validation_alias="DISCORD_API_URL"
    )
    gateway_url: Annotated[str, _address("ws", "wss")] | None = Field(default=None, validation_alias="DISCORD_GATEWAY_URL")
    """None: discord.py's own default."""


class EngineSettings(BaseSettings):
    """Which server of the Streaming API, and the credentials for it."""

    model_config = _CONFIG

    url: Annotated[str, _address("http", "https")] | None = Field(default=None, validation_alias="ENGINE_URL")
    """None: `run` and `demo` start an engine of their own."""
    port: int = Field(default=8765, ge=0, le=65535, validation_alias="ENGINE_PORT")
    """Where `minutes serve` listens on this machine, and the engine of `minutes run` if it has a public address."""
    public_url: str = Field(default="", validation_alias="ENGINE_PUBLIC_URL")
    """Where the engine is found from outside; it is the engine that reads it."""
    app_id: str = Field(default="", validation_alias="ENGINE_APP_ID")
    app_secret: SecretStr = Field(default=SecretStr(""), validation_alias="ENGINE_APP_SECRET")


class LanguageModelSettings(BaseSettings):
    """The language model that the engine asks: the bot only says so where it begins to listen."""

    model_config = _CONFIG

    url: str = Field(default="", validation_alias="LANGUAGE_MODEL_URL")
    name: str = Field(default="", validation_alias="LANGUAGE_MODEL_NAME")

    @property
    def remote_host(self) -> str | None:
        """The other machine that the transcript is sent to; None where it stays on this one."""
        host = urlsplit(self.url).hostname
        return None if host in {None, "127.0.0.1", "::1", "localhost"} else host


class StorageSettings(BaseSettings):
    """Where meetings, settings and transcripts are kept."""

    model_config = _CONFIG

    data_dir: Path = Field(default=Path("data"), validation_alias="DATA_DIR")


class Settings(BaseModel):
    """All of them."""

    discord: DiscordSettings
    engine: EngineSettings
    language_model: LanguageModelSettings
    storage: StorageSettings


def load_settings() -> Settings:
    """Read the environment and `.env`. Raises `SettingsError` with one sentence that names the wrong setting."""
    return Settings(
        discord=_read(DiscordSettings),
        engine=_read(EngineSettings),
        language_model=_read(LanguageModelSettings),
        storage=_read(StorageSettings),
    )


def _read(kind: type[_Settings]) -> _Settings:
    try:
        return kind()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{name} is wrong: {first['msg'].removeprefix('Value error, ')}. Mend it in .env.") from error
