"""Why a language model was of no use.

ModelFault
├── BadAnswer      it answered, and the answer cannot be used: another part may go better
├── NoAnswer       it was too slow, too busy, or failed
└── OutOfReach     it cannot be reached, or refuses us: asking again is of no use
"""

from __future__ import annotations


class ModelFault(Exception):
    """`str(error)` is the rest of a sentence that begins with the model's name, without a full stop."""


class BadAnswer(ModelFault):
    """It answered, and the answer cannot be used."""


class NoAnswer(ModelFault):
    """It was too slow, too busy, or failed."""


class OutOfReach(ModelFault):
    """It cannot be reached, or refuses us."""
