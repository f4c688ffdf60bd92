"""Days reckoned from the day of a message."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

FRIDAY = 4
SUNDAY = 6


def weekday_after(day: date, weekday: int) -> date:
    """The next `weekday` (0 is Monday) after `day`."""
    return day + timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)


def in_week(day: date, weekday: int, weeks: int) -> date:
    """The `weekday` of the Monday-to-Sunday week that lies `weeks` after the one of `day`."""
    return day - timedelta(days=day.weekday()) + timedelta(days=7 * weeks + weekday)


def month_end(day: date, months: int = 0) -> date:
    """The last day of the month `months` after the one of `day`."""
    year, month = _month(day, months)
    return date(year, month, calendar.monthrange(year, month)[1])


def month_day(day: date, number: int, months: int = 0) -> date | None:
    """The `number`th of the month `months` after the one of `day`; None where that month is shorter."""
    year, month = _month(day, months)
    if not 1 <= number <= calendar.monthrange(year, month)[1]:
        return None
    return date(year, month, number)


def months_on(day: date, months: int) -> date:
    """The same day `months` later, the last of the month where it is shorter."""
    end = month_end(day, months)
    return end.replace(day=min(day.day, end.day))


def quarter_end(day: date, quarters: int = 0) -> date:
    """The last day of the quarter `quarters` after the one of `day`."""
    return month_end(day, (2 - (day.month - 1) % 3) + 3 * quarters)


def next_month_day(day: date, number: int) -> date | None:
    """The next `number`th from `day` on, `day` included."""
    for months in range(4):
        found = month_day(day, number, months)
        if found is not None and found >= day:
            return found
    return None


def next_date(day: date, month: int, number: int) -> date | None:
    """The next `number`.`month`. from `day` on, `day` included."""
    for year in range(day.year, day.year + 5):
        if 1 <= month <= 12 and 1 <= number <= calendar.monthrange(year, month)[1]:
            found = date(year, month, number)
            if found >= day:
                return found
    return None


def _month(day: date, months: int) -> tuple[int, int]:
    count = day.year * 12 + day.month - 1 + months
    return count // 12, count % 12 + 1
