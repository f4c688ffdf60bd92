"""The messages of all channels and threads: posting, editing, deleting, history, and one message for one nonce. No I/O."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING

from sandbox import payloads
from sandbox.drafts import check_not_empty
from sandbox.errors import ApiError, Fault, invalid
from sandbox.models import Attachment, Message, MessageFlag, MessageKind, Thread
from sandbox.permissions import Permission
from sandbox.world import Intent

if TYPE_CHECKING:
    from sandbox.drafts import Draft, Upload
    from sandbox.models import Place
    from sandbox.world import World

NONCE_SECONDS = 300.0
"""How long a nonce with `enforce_nonce` is remembered: Discord says "the last few minutes"."""


class Messages:
    """Holds every message of the world. `files_url` is where attachments are served from."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_place: dict[int, dict[int, Message]] = {}
        self._nonces: OrderedDict[tuple[int, int, str], tuple[float, int]] = OrderedDict()
        self.files_url = ""

    # reading

    def all_in(self, place_id: int) -> list[Message]:
        """The messages of a channel or thread, oldest first."""
        return list(self._by_place.get(place_id, {}).values())

    def get(self, place_id: int, message_id: int) -> Message:
        """One message; raises ApiError 10008."""
        message = self._by_place.get(place_id, {}).get(message_id)
        if message is None:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        return message

    def find(self, place_id: int, message_id: int | None) -> Message | None:
        """One message, or None: for references."""
        return self._by_place.get(place_id, {}).get(message_id) if message_id else None

    def read(self, reader_id: int, place: Place, message_id: int) -> Message:
        """One message, if the reader may see the channel's history."""
        self._world.demand(reader_id, place, Permission.READ_MESSAGE_HISTORY)
        return self.get(place.id, message_id)

    def history(
        self,
        reader_id: int,
        place: Place,
        *,
        limit: int = 50,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
    ) -> list[Message]:
        """At most `limit` (1 to 100) messages, newest first, as `GET /channels/{id}/messages` answers them."""
        if not 1 <= limit <= 100:
            raise invalid("limit", "NUMBER_TYPE_RANGE", "Value should be between 1 and 100.")
        self._world.demand(reader_id, place, Permission.VIEW_CHANNEL)
        if Permission.READ_MESSAGE_HISTORY not in self._world.permissions(reader_id, place):
            return []
        messages = self.all_in(place.id)
        ids = [each.id for each in messages]
        if after is not None:
            first = bisect_right(ids, after)
            chosen = messages[first : first + limit]
        elif around is not None:
            middle = bisect_left(ids, around)
            chosen = messages[max(0, middle - limit // 2) : middle + (limit + 1) // 2]
        else:
            end = bisect_left(ids, before) if before is not None else len(ids)
            chosen = messages[max(0, end - limit) : end]
        return chosen[::-1]

    # writing

    def post(self, author_id: int, place: Place, draft: Draft) -> Message:
        """Post as a member: permissions, threads' states and the nonce are honoured."""
        check_not_empty(draft)
        in_thread = isinstance(place, Thread)
        needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
        self._world.demand(author_id, place, needed)
        if draft.files:
            self._world.demand(author_id, place, Permission.ATTACH_FILES)
        if draft.embeds:
            self._world.demand(author_id, place, Permission.EMBED_LINKS)
        if known := self._known(author_id, place, draft):
            self._world.record("message.repeated", channel_id=place.id, message_id=known.id, nonce=draft.nonce)
            return known
        if isinstance(place, Thread):
            self._enter(place, author_id)
        if draft.reference_id and draft.fail_if_not_exists and not self.find(place.id, draft.reference_id):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        kind = MessageKind.REPLY if self.find(place.id, draft.reference_id) else MessageKind.DEFAULT
        return self.put(author_id, place, draft, kind=kind)

    def put(
        self,
        author_id: int,
        place: Place,
        draft: Draft,
        *,
        kind: MessageKind = MessageKind.DEFAULT,
        message_id: int | None = None,
        interaction_id: int | None = None,
        loading: bool = False,
    ) -> Message:
        """Post without asking anybody; tells the bot unless the message is ephemeral, which is not kept here."""
        message = self.compose(author_id, place, draft, kind=kind, message_id=message_id, interaction_id=interaction_id)
        if loading:
            message.flags |= MessageFlag.LOADING
        if message.ephemeral:
            return message
        self._by_place.setdefault(place.id, {})[message.id] = message
        place.last_message_id = message.id
        if isinstance(place, Thread):
            place.message_count += 1
        if draft.nonce is not None and draft.enforce_nonce:
            self._nonces[place.id, author_id, draft.nonce] = (self._world.clock(), message.id)
        data = payloads.guild_message(self._world, message, referenced=self.find(place.id, message.reference_id))
        self._world.emit("MESSAGE_CREATE", data, Intent.GUILD_MESSAGES, place)
        self._world.record("message.create", **_facts(message))
        return message

    def edit(self, editor_id: int, place: Place, message_id: int, draft: Draft) -> Message:
        """Edit one's own message; raises ApiError 50005 for others' and 50083 in an archived thread."""
        self._world.demand(editor_id, place, Permission.VIEW_CHANNEL)
        message = self.get(place.id, message_id)
        if message.author_id != editor_id:
            raise ApiError(Fault.OTHERS_MESSAGE)
        if isinstance(place, Thread) and place.archived:
            raise ApiError(Fault.ARCHIVED_THREAD)
        if draft.files:
            self._world.demand(editor_id, place, Permission.ATTACH_FILES)
        self.change(message, draft)
        return message

    def change(self, message: Message, draft: Draft) -> None:
        """Put a draft's members in place of the message's; raises ApiError 50006 when nothing would be left."""
        content = message.content if draft.content is None else draft.content
        embeds = message.embeds if draft.embeds is None else draft.embeds
        components = message.components if draft.components is None else draft.components
        kept = [each for each in message.attachments if draft.kept_files is None or each.id in draft.kept_files]
        if not (content or embeds or components or kept or draft.files):
            raise ApiError(Fault.EMPTY_MESSAGE)
        if not message.loading:
            message.edits.append(message.content)
            message.edited_at = self._world.clock()
        message.content, message.embeds, message.components = content, embeds, components
        message.attachments = kept + [self._attachment(message.channel_id, each) for each in draft.files]
        message.allowed_mentions = draft.allowed_mentions
        message.flags &= ~MessageFlag.LOADING
        if message.ephemeral:
            return
        data = payloads.guild_message(self._world, message)
        self._world.emit("MESSAGE_UPDATE", data, Intent.GUILD_MESSAGES, self._world.place(message.channel_id))
        self._world.record("message.update", **_facts(message))

    def delete(self, deleter_id: int, place: Place, message_id: int) -> None:
        """Delete one's own message, or anybody's with MANAGE_MESSAGES."""
        self._world.demand(deleter_id, place, Permission.VIEW_CHANNEL)
        message = self.get(place.id, message_id)
        if message.author_id != deleter_id:
            self._world.demand(deleter_id, place, Permission.MANAGE_MESSAGES)
        self.remove(message)

    def remove(self, message: Message) -> None:
        """Delete without asking."""
        place = self._world.place(message.channel_id)
        del self._by_place[message.channel_id][message.id]
        key = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "guild_id": str(self._world.guild.id),
        }
        self._world.emit("MESSAGE_DELETE", dict(key), Intent.GUILD_MESSAGES, place)
        self._world.record("message.delete", **_facts(message))

    def compose(
        self,
        author_id: int,
        place: Place,
        draft: Draft,
        *,
        kind: MessageKind = MessageKind.DEFAULT,
        message_id: int | None = None,
        interaction_id: int | None = None,
    ) -> Message:
        """Make a message that stands nowhere yet."""
        mentions = draft.mentions()
        may_mention_all = Permission.MENTION_EVERYONE in self._world.permissions(author_id, place)
        return Message(
            id=message_id or self._world.snowflake(),
            channel_id=place.id,
            author_id=author_id,
            content=draft.content or "",
            at=self._world.clock(),
            kind=kind,
            flags=draft.flags,
            embeds=draft.embeds or [],
            components=draft.components or [],
            attachments=[self._attachment(place.id, each) for each in draft.files],
            nonce=draft.nonce,
            allowed_mentions=draft.allowed_mentions,
            mentions=[each for each in mentions.users if each in self._world.guild.members],
            mention_roles=[each for each in mentions.roles if may_mention_all and each in self._world.guild.roles],
            mention_everyone=mentions.everyone and may_mention_all,
            reference_id=draft.reference_id,
            interaction_id=interaction_id,
        )

    def _attachment(self, place_id: int, upload: Upload) -> Attachment:
        number = self._world.snowflake()
        url = f"{self.files_url}/attachments/{place_id}/{number}/{upload.filename}"
        return Attachment(number, upload.filename, upload.data, upload.content_type, url, upload.description)

    def _known(self, author_id: int, place: Place, draft: Draft) -> Message | None:
        oldest = self._world.clock() - NONCE_SECONDS
        while self._nonces and next(iter(self._nonces.values()))[0] < oldest:
            self._nonces.popitem(last=False)
        if draft.nonce is None or not draft.enforce_nonce:
            return None
        _, message_id = self._nonces.get((place.id, author_id, draft.nonce), (0.0, None))
        return self.find(place.id, message_id)

    def _enter(self, thread: Thread, author_id: int) -> None:
        """Posting opens an archived thread again, unless it is locked, and makes the author a member of it."""
        if thread.locked:
            self._world.demand(author_id, thread, Permission.MANAGE_THREADS)
        if thread.archived:
            thread.archived = False
            thread.archive_changed_at = self._world.clock()
            self._world.emit("THREAD_UPDATE", payloads.thread(self._world, thread), Intent.GUILDS, thread)
        thread.members.setdefault(author_id, self._world.clock())


def _facts(message: Message) -> dict[str, object]:
    return {
        "channel_id": message.channel_id,
        "message_id": message.id,
        "author_id": message.author_id,
        "content": message.content,
        "files": [each.filename for each in message.attachments],
    }
