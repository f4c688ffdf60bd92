"""Training: the same rows give the same model, whoever runs it."""

from __future__ import annotations

import numpy as np

from engine.insights.training.logistic import fit


def test_a_model_does_not_depend_on_the_order_of_a_rows_features() -> None:
    dice = np.random.default_rng(5)
    rows = [[f"f{feature}" for feature in dice.choice(400, size=30, replace=False)] for _ in range(600)]
    labels = [bool(dice.random() < (0.8 if "f7" in row or "f11" in row else 0.3)) for row in rows]
    model = fit(rows, labels, strength=0.05)
    assert model == fit([row[::-1] for row in rows], labels, strength=0.05)
    assert model[1]["f7"] > 0.3
