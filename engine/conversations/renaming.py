"""People who are called differently now: their names in what was written about them. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A text with each person's whole name, where it stands as a name, replaced by the one of today."""
    changed = {before: now for before, now in names.items() if before and before != now}
    if not changed:
        return text
    alternatives = "|".join(re.escape(before) for before in sorted(changed, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{alternatives})(?!\w)", lambda found: changed[found.group()], text)
