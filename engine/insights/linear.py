"""Linear models as the rules use them: features present or absent, a sum of weights, a probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.insights.lexicon import coefficients

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class LinearModel:
    """A logistic regression over named binary features."""

    def __init__(self, intercept: float, weights: Mapping[str, float]) -> None:
        self._intercept, self._weights = intercept, weights

    @classmethod
    def shipped(cls, name: str) -> LinearModel:
        """The model of a data file."""
        return cls(*coefficients(name))

    @property
    def names(self) -> Collection[str]:
        """The features that have a weight."""
        return self._weights.keys()

    def weight(self, feature: str) -> float:
        """The weight of one feature, 0 where the model does not know it."""
        return self._weights.get(feature, 0.0)

    def margin(self, features: Iterable[str]) -> float:
        """The sum of the weights of the features, above 0 where the model says yes."""
        weights = self._weights
        return self._intercept + sum(weights.get(feature, 0.0) for feature in features)

    def probability(self, features: Iterable[str]) -> float:
        """The margin as a probability."""
        return sigmoid(self.margin(features))


@dataclass(frozen=True, slots=True)
class Models:
    """The linear models of an insight engine."""

    punctuated: LinearModel
    bare: LinearModel
    actions: LinearModel

    @classmethod
    def shipped(cls) -> Models:
        """The ones that lie in `data/`."""
        names = ("questions_punctuated.json", "questions_bare.json", "actions.json")
        return cls(*(LinearModel.shipped(name) for name in names))


def sigmoid(margin: float) -> float:
    """1 / (1 + e^-margin), without overflow."""
    if margin >= 0:
        return 1.0 / (1.0 + math.exp(-margin))
    grown = math.exp(margin)
    return grown / (1.0 + grown)


def warmed(probability: float, weight: float) -> float:
    """A probability after one more feature of this weight."""
    grown = probability * math.exp(weight)
    return grown / (grown + 1.0 - probability)


def logit(probability: float) -> float:
    """The margin of a probability."""
    return math.log(probability / (1.0 - probability))
