"""Logistic regression over named binary features, with numpy and scipy alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray


def fit(
    rows: Sequence[Collection[str]],
    labels: Sequence[bool],
    *,
    weights: Sequence[float] | None = None,
    strength: float = 1.0,
    rarest: int = 3,
    most: int | None = None,
    offsets: Sequence[float] | None = None,
) -> tuple[float, dict[str, float]]:
    """The intercept and the weight of each feature.

    `offsets` are what is already known of each row and is added to its margin. `strength` is the L2 penalty, `rarest` how many rows a feature must occur in, `most` how many features are kept:
    the ones with the largest weights, fitted again without the others.
    """
    counts = Counter(name for row in rows for name in row)
    names = sorted(name for name, count in counts.items() if count >= rarest)
    known = np.zeros(len(rows)) if offsets is None else np.asarray(offsets, dtype=np.float64)
    importance = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    intercept, values = _solve(rows, labels, names, importance, strength, known)
    if most is not None and len(names) > most:
        kept = np.argsort(-np.abs(values))[:most]
        names = sorted(names[index] for index in kept)
        intercept, values = _solve(rows, labels, names, importance, strength, known)
    return intercept, {name: round(float(value), 3) for name, value in zip(names, values, strict=True) if abs(value) >= 0.01}


def _solve(
    rows: Sequence[Collection[str]],
    labels: Sequence[bool],
    names: Sequence[str],
    importance: NDArray[np.float64],
    strength: float,
    known: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    position = {name: index for index, name in enumerate(names)}
    # sets have no order of their own: sums would differ
    columns = [sorted(position[name] for name in row if name in position) for row in rows]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in columns])))
    flat = np.fromiter((column for row in columns for column in row), dtype=np.int64, count=int(starts[-1]))
    matrix = csr_matrix((np.ones(len(flat)), flat, starts), shape=(len(rows), len(names)))
    signs = np.where(np.asarray(labels), 1.0, -1.0)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = signs * (matrix @ parameters[1:] + parameters[0] + known)
        slope = -signs * importance / (1.0 + np.exp(np.clip(margins, -40, 40)))
        gradient = np.concatenate(([slope.sum()], matrix.T @ slope + strength * parameters[1:]))
        value = float((importance * np.logaddexp(0.0, -margins)).sum() + 0.5 * strength * parameters[1:] @ parameters[1:])
        return value, gradient

    result = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return round(float(result.x[0]), 4), result.x[1:]
