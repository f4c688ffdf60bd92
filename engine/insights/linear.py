"""Linear models as the rules use them: features present or absent, a sum of weights, a probability."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.insights.lexicon import coefficients

if TYPE_CHECKING:
    from collections.abc import Iterable


class LinearModel:
    """A logistic regression over named binary features, read from a data file."""

    def __init__(self, name: str) -> None:
        self._intercept, self._weights = coefficients(name)

    def margin(self, features: Iterable[str]) -> float:
        """The sum of the weights of the features, above 0 where the model says yes."""
        weights = self._weights
        return self._intercept + sum(weights.get(feature, 0.0) for feature in features)

    def probability(self, features: Iterable[str]) -> float:
        """The margin as a probability."""
        return sigmoid(self.margin(features))


def sigmoid(margin: float) -> float:
    """1 / (1 + e^-margin), without overflow."""
    if margin >= 0:
        return 1.0 / (1.0 + math.exp(-margin))
    grown = math.exp(margin)
    return grown / (1.0 + grown)
