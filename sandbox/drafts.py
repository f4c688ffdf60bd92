"""What a client wants a message to hold, read from a request's body and checked against Discord's limits."""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox import limits
from sandbox.errors import ApiError, Fault, invalid
from sandbox.models import NO_FLAGS, MessageFlag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.models import Json

_USER_MENTION = re.compile(r"<@!?(\d{1,20})>")
_ROLE_MENTION = re.compile(r"<@&(\d{1,20})>")
_SETTABLE = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.EPHEMERAL | MessageFlag.SUPPRESS_NOTIFICATIONS


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart request."""

    filename: str
    data: bytes
    description: str | None = None

    @property
    def content_type(self) -> str:
        """Guessed from the name, as Discord does."""
        kind = mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a content names and `allowed_mentions` lets through."""

    users: list[int]
    roles: list[int]
    everyone: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is posted. In an edit, None means: leave as it is."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    files: list[Upload] = field(default_factory=list)
    kept_files: list[int] | None = None
    """Ids of attachments that an edit keeps; None: all."""
    nonce: str | None = None
    enforce_nonce: bool = False
    allowed_mentions: Json | None = None
    reference_id: int | None = None
    fail_if_not_exists: bool = True
    flags: MessageFlag = NO_FLAGS

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it that a person could see."""
        return not (self.content or self.embeds or self.components or self.files)

    def mentions(self) -> Mentions:
        """Whom the content names, filtered by `allowed_mentions`; without that member everybody named is meant."""
        content, rules = self.content or "", self.allowed_mentions
        users = [int(each) for each in dict.fromkeys(_USER_MENTION.findall(content))]
        roles = [int(each) for each in dict.fromkeys(_ROLE_MENTION.findall(content))]
        everyone = "@everyone" in content or "@here" in content
        if rules is None:
            return Mentions(users, roles, everyone)
        kinds = read.texts(rules, "parse")
        named_users, named_roles = read.texts(rules, "users"), read.texts(rules, "roles")
        return Mentions(
            users if "users" in kinds else [each for each in users if str(each) in named_users],
            roles if "roles" in kinds else [each for each in roles if str(each) in named_roles],
            everyone and "everyone" in kinds,
        )


def read_draft(body: Mapping[str, object], uploads: Mapping[str, Upload]) -> Draft:
    """A body of POST or PATCH with the files that came beside it, keyed by their form names (`files[0]`).

    Raises ApiError for what is above a limit. White space around the content is dropped, as Discord does.
    """
    content = read.text(body, "content")
    content = content.strip() if content is not None else None
    draft = Draft(
        content=content,
        embeds=read.things(body, "embeds") if "embeds" in body else None,
        components=read.things(body, "components") if "components" in body else None,
        files=_described(body, uploads),
        kept_files=_kept(body, uploads),
        nonce=_nonce(body),
        enforce_nonce=read.flag(body, "enforce_nonce"),
        allowed_mentions=_allowed_mentions(body),
        flags=MessageFlag(read.integer(body, "flags")) & _SETTABLE,
    )
    reference = read.thing(body, "message_reference")
    if reference:
        draft = replace(
            draft,
            reference_id=read.integer(reference, "message_id"),
            fail_if_not_exists=read.flag(reference, "fail_if_not_exists", default=True),
        )
    limits.check_content(draft.content or "")
    limits.check_nonce(draft.nonce)
    limits.check_files([len(each.data) for each in draft.files])
    limits.check_embeds(draft.embeds or [])
    limits.check_components(draft.components or [])
    return draft


def check_not_empty(draft: Draft) -> Draft:
    """Raise ApiError 50006 for a message without anything in it."""
    if draft.empty:
        raise ApiError(Fault.EMPTY_MESSAGE)
    return draft


def _nonce(body: Mapping[str, object]) -> str | None:
    value = body.get("nonce")
    if value is None:
        return None
    if isinstance(value, int | str) and not isinstance(value, bool):
        return str(value)
    raise invalid("nonce", "NONCE_TYPE", "Must be an integer or a string.")


def _allowed_mentions(body: Mapping[str, object]) -> Json | None:
    if body.get("allowed_mentions") is None:
        return None
    rules = read.thing(body, "allowed_mentions")
    kinds = read.texts(rules, "parse")
    for name in ("users", "roles"):
        if name in kinds and rules.get(name):
            raise invalid(
                f"allowed_mentions.{name}",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f"parse:['{name}'] and {name}: [ids...] are mutually exclusive.",
            )
    return rules


def _described(body: Mapping[str, object], uploads: Mapping[str, Upload]) -> list[Upload]:
    said = {str(each.get("id")): each for each in read.things(body, "attachments")}
    files: list[Upload] = []
    for name, upload in uploads.items():
        about = said.get(name.removeprefix("files[").removesuffix("]"), {})
        files.append(
            replace(
                upload,
                filename=read.text(about, "filename") or upload.filename,
                description=read.text(about, "description"),
            )
        )
    return files


def _kept(body: Mapping[str, object], uploads: Mapping[str, Upload]) -> list[int] | None:
    if "attachments" not in body:
        return None
    ids = [read.integer(each, "id") for each in read.things(body, "attachments")]
    return [each for each in ids if f"files[{each}]" not in uploads]
