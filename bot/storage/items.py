"""Action items and follow-ups that stand in a thread, and what people corrected about them: labelled examples."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update

from bot.storage.tables import ItemRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.storage.database import Database

Label = Literal["", "done", "not_an_item", "assignee"]
"""What was wrong with an item: nothing, it is done, it is none, somebody else does it."""
_LABEL: TypeAdapter[Label] = TypeAdapter(Label)


@dataclass(frozen=True, slots=True)
class PostedItem:
    """One item as it was posted. `line` is its Markdown, `context` the lines around it, `people` who spoke, by Discord's ids."""

    meeting_id: str
    item_id: str
    guild_id: int
    kind: str
    text: str
    owner: str
    line: str
    context: tuple[str, ...]
    people: dict[int, str]
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class KeptItem:
    """The same with its number and what was corrected last."""

    number: int
    item: PostedItem
    label: Label
    new_owner: str
    corrected_at: datetime | None


class PostedItems:
    """Raises `StorageError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, items: Sequence[PostedItem], *, forget: datetime) -> dict[str, int]:
        """Keep items, and give the number of each by its id; one that is known keeps its own.

        Items that were posted before `forget`, and that nobody corrected, go.
        """
        numbers: dict[str, int] = {}
        async with self._database.session() as session:
            await session.execute(delete(ItemRow).where(ItemRow.posted_at < forget, ItemRow.label == ""))
            for item in items:
                known = ItemRow.meeting_id == item.meeting_id, ItemRow.item_id == item.item_id
                row = await session.scalar(select(ItemRow).where(*known))
                if row is None:
                    values = asdict(item) | {"context": list(item.context)}
                    values["people"] = {str(user_id): name for user_id, name in item.people.items()}
                    row = ItemRow(**values, label="", new_owner="")
                    session.add(row)
                    await session.flush()
                numbers[item.item_id] = row.number
        return numbers

    async def get(self, number: int) -> KeptItem | None:
        """None when it is forgotten."""
        async with self._database.session() as session:
            row = await session.get(ItemRow, number)
            return _kept(row) if row else None

    async def correct(self, number: int, label: Label, new_owner: str, at: datetime) -> None:
        """What people say of it now; the label "" takes back what was said."""
        async with self._database.session() as session:
            values = {"label": label, "new_owner": new_owner, "corrected_at": at if label else None}
            await session.execute(update(ItemRow).where(ItemRow.number == number).values(**values))

    async def corrected(self) -> list[KeptItem]:
        """Everything that was corrected, oldest first."""
        async with self._database.session() as session:
            rows = await session.scalars(select(ItemRow).where(ItemRow.label != "").order_by(ItemRow.corrected_at))
            return [_kept(row) for row in rows]

    async def delete_corrected(self) -> int:
        """Forget everything that was corrected; the messages in the threads stay. Returns how many."""
        async with self._database.session() as session:
            gone = await session.scalars(delete(ItemRow).where(ItemRow.label != "").returning(ItemRow.number))
            return len(gone.all())


def _kept(row: ItemRow) -> KeptItem:
    item = PostedItem(
        meeting_id=row.meeting_id,
        item_id=row.item_id,
        guild_id=row.guild_id,
        kind=row.kind,
        text=row.text,
        owner=row.owner,
        line=row.line,
        context=tuple(row.context),
        people={int(user_id): name for user_id, name in row.people.items()},
        posted_at=row.posted_at.replace(tzinfo=UTC),
    )
    corrected_at = row.corrected_at.replace(tzinfo=UTC) if row.corrected_at else None  # SQLite keeps no zone
    return KeptItem(row.number, item, _LABEL.validate_python(row.label), row.new_owner, corrected_at)
