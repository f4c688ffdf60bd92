"""Finding conversations: `GET /v1/conversations` as a query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Select, String, and_, cast, false, func, not_, or_, select

from engine.conversations.models import ConversationRow
from engine.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

    from engine.conversations.rsql import Comparison

_TIMES: Final[dict[str, InstrumentedAttribute[float] | InstrumentedAttribute[float | None]]] = {
    "startTime": ConversationRow.start_time,
    "startDate": ConversationRow.start_time,
    "endTime": ConversationRow.end_time,
    "endDate": ConversationRow.end_time,
}
_TEXTS: Final = {"id": ConversationRow.id, "name": ConversationRow.name}
_METADATA: Final = "metadata."
_TYPE: Final = "meeting"
_DATE: Final = TypeAdapter(datetime)


def epoch(moment: datetime) -> float:
    """Seconds since the epoch; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def listing(
    app_ids: Collection[str],
    comparisons: Sequence[Comparison],
    since: float | None,
    until: float | None,
    sort: str,
    *,
    descending: bool,
    limit: int,
    offset: int,
) -> Select[ConversationRow]:
    """Those of some applications that began between two times and fit every comparison. Raises `BadRequest`.

    `sort` names one or more fields, separated by commas.
    """
    conditions: list[ColumnElement[bool]] = [ConversationRow.app_id.in_(app_ids)]
    if since is not None:
        conditions.append(ConversationRow.start_time >= since)
    if until is not None:
        conditions.append(ConversationRow.start_time <= until)
    conditions += [_condition(comparison) for comparison in comparisons]
    columns = [_sort_column(field.strip()) for field in sort.split(",")]
    order = [column.desc() if descending else column.asc() for column in columns]
    return select(ConversationRow).where(*conditions).order_by(*order, ConversationRow.id).limit(limit).offset(offset)


def _sort_column(field: str) -> ColumnElement[str] | ColumnElement[float] | ColumnElement[float | None]:
    name = field.removeprefix("conversation.")
    if name in _TIMES:
        return _TIMES[name].expression
    if name in _TEXTS:
        return _TEXTS[name].expression
    raise BadRequest(f'"sort" must be one or more of {", ".join((*_TIMES, *_TEXTS))}.')


def _condition(comparison: Comparison) -> ColumnElement[bool]:
    name = comparison.selector
    if name in _TIMES:
        column, read = _TIMES[name].expression, _time
        return _compare(column, comparison, lambda text: column == read(text), read)
    if name in _TEXTS:
        text_column = _TEXTS[name].expression
    elif name == "type":
        text_column = cast(_TYPE, String)
    elif name.startswith(_METADATA) and len(name) > len(_METADATA):
        path = f'$."{name.removeprefix(_METADATA)}"'
        text_column = cast(func.json_extract(ConversationRow.details, path), String)
    else:
        known = ", ".join((*_TIMES, *_TEXTS, "type", f"{_METADATA}<key>"))
        raise BadRequest(f'"filter" knows {known}.')
    return _compare(text_column, comparison, lambda text: _like(text_column, text), str)


def _compare(
    column: ColumnElement[str] | ColumnElement[float] | ColumnElement[float | None],
    comparison: Comparison,
    equals: Callable[[str], ColumnElement[bool]],
    read: Callable[[str], str | float],
) -> ColumnElement[bool]:
    value = comparison.values[0]
    match comparison.operator:
        case "==":
            return equals(value)
        case "!=":
            return or_(column.is_(None), not_(equals(value)))
        case "in":
            return or_(false(), *(equals(one) for one in comparison.values))
        case "out":
            return or_(column.is_(None), and_(*(not_(equals(one)) for one in comparison.values)))
        case ">":
            return column > read(value)
        case ">=":
            return column >= read(value)
        case "<":
            return column < read(value)
    return column <= read(value)


def _like(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    if "*" not in text:
        return column == text
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("*", "%")
    return column.like(escaped, escape="\\")


def _time(text: str) -> float:
    try:
        return epoch(_DATE.validate_python(text))
    except (ValidationError, OverflowError) as error:
        raise BadRequest(f'"{text}" of the filter is no time: write it as 2026-01-31T12:00:00Z.') from error
