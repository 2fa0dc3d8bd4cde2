#!/usr/bin/env python3
"""Outlier scores by numpy, scikit-learn and scipy, for tests/predict.

    python tests/golden/outlier.py     writes tests/golden/outlier.txt; needs numpy, scipy, scikit-learn

A line "features NAME COLUMNS ; rows…" is followed by "threshold T" and by "scores ; row… ; …" of rows that were not in the fit: the
Mahalanobis distance of unit rows from their mean, with the covariance shrunk by a tenth towards its diagonal; the threshold is the
score that few exceed of rows, each by a fit to the other four fifths."""
import math
import pathlib
import zlib

import numpy as np
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import EmpiricalCovariance

lines = []


def text(values):
    return " ".join(f"{float(v):.9g}" for v in np.ravel(values))


def fit(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    known = EmpiricalCovariance().fit(unit)
    covariance = 0.9 * known.covariance_ + np.diag(0.1 * np.diag(known.covariance_) + 1e-6 * np.trace(known.covariance_) / rows.shape[1])
    inverse = np.linalg.inv(covariance)
    return lambda row: mahalanobis(row / np.linalg.norm(row), known.location_, inverse)


def threshold(rows):
    scores = []
    for fold in range(5):
        measure = fit(rows[[i for i in range(len(rows)) if i % 5 != fold]])
        scores += [measure(row) for row in rows[fold::5]]
    return sorted(scores)[min(math.ceil((len(rows) + 1) * 0.99), len(rows)) - 1]


def case(name, count, columns, others):
    random = np.random.RandomState(zlib.crc32(name.encode()))
    mix = random.normal(size=(columns, columns))
    rows = np.round(np.maximum(random.normal(size=(count + others, columns)) @ mix + 1, 0) * 64) / 64 + 1 / 64
    rows[count:] *= np.where(random.rand(others, columns) < 0.3, 4, 1)
    measure = fit(rows[:count])
    lines.append(f"features {name} {columns} ; {text(rows[:count])}")
    lines.append(f"threshold {threshold(rows[:count]):.9g}")
    lines.extend(f"score {measure(row):.9g} ; {text(row)}" for row in rows[count:])


case("few", 20, 3, 3)
case("more", 120, 5, 4)
case("wide", 30, 12, 3)
pathlib.Path(__file__).with_suffix(".txt").write_text("\n".join(lines) + "\n")
