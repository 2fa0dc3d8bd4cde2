#!/usr/bin/env python3
"""Statistics of drift by scipy, scikit-learn and by their definitions, for tests/drift.

    python tests/golden/drift.py     writes tests/golden/drift.txt; needs numpy, scipy, scikit-learn, statsmodels

A line "numbers NAME ; reference… ; current…", "counts NAME ; …", or "vectors NAME COLUMNS ; …" (row by row) is followed by what is
measured of it: "STATISTIC options ; value p", nan where there is none. "bins ; reference… ; current…" are numpy's by Sturges. Lines
"adjust NAME ; p… ; adjusted…" stand alone."""
import pathlib
import zlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from statsmodels.stats.multitest import multipletests

NAN = float("nan")
lines = [f"# scikit-learn {sklearn.__version__}, scipy {scipy.__version__}"]


def draw(name, *shape):
    """Normal numbers, rounded to multiples of 2^-10: short, and tied now and then."""
    return np.round(np.random.RandomState(zlib.crc32(name.encode())).normal(size=shape) * 1024) / 1024


def text(values):
    return " ".join(f"{float(v):.17g}" for v in np.ravel(values))


def say(statistic, value, p=NAN):
    lines.append(f"{statistic} ; {text([value, p])}")


# ---- counts ----

def feel_zeroes(share):
    """As evidently 0.7: get_binned_data(…, feel_zeroes=True)."""
    least = share[share > 0].min()
    return np.where(share == 0, least / 10**6 if least <= 0.0001 else 0.0001, share)


def of_counts(r, c):
    r, c = np.asarray(r, float), np.asarray(c, float)
    a, b = r / r.sum(), c / c.sum()
    fr, fc = feel_zeroes(a), feel_zeroes(b)
    say("psi", np.sum((fr - fc) * np.log(fr / fc)))
    say("jensen_shannon", jensenshannon(a, b))
    say("hellinger", np.sqrt(max(0, 1 - np.sum(np.sqrt(a * b)))))
    used = r + c > 0
    table = stats.chi2_contingency(np.array([r[used], c[used]]), correction=False)
    say("chi_square", table.statistic, table.pvalue)
    if np.all(r[c > 0] > 0):
        known = r > 0
        plain = stats.chisquare(c[known], r[known] / r.sum() * c.sum())
        say("chi_square table=expected", plain.statistic, plain.pvalue)
    else:
        say("chi_square table=expected", NAN, NAN)


def counts(name, r, c):
    lines.append(f"counts {name} ; {text(r)} ; {text(c)}")
    of_counts(r, c)


# ---- numbers ----

def numbers(name, r, c):
    r, c = np.sort(r), np.sort(c)
    lines.append(f"numbers {name} ; {text(r)} ; {text(c)}")
    moved = stats.wasserstein_distance(r, c)
    say("wasserstein normed=false", moved)
    say("wasserstein", moved / max(np.std(r), 0.001))
    say("energy", stats.energy_distance(r, c))
    test = stats.ks_2samp(r, c, method="exact")
    say("kolmogorov_smirnov", test.statistic, test.pvalue)
    edges = np.histogram_bin_edges(np.concatenate([r, c]), bins="sturges")
    br, bc = np.histogram(r, edges)[0], np.histogram(c, edges)[0]
    lines.append(f"bins ; {text(br)} ; {text(bc)}")


# ---- vectors ----

def mmd(x, y, sigma=None):
    """Gretton et al. 2012, equation 3, in double precision."""
    pooled = np.concatenate([x, y])
    d = ((pooled[:, None] - pooled[None]) ** 2).sum(-1)
    pairs = np.sort(d[np.triu_indices(len(pooled), 1)])
    twice = pairs[(len(pairs) - 1) // 2] if sigma is None else 2 * sigma**2
    k = np.exp(-d / twice)
    np.fill_diagonal(k, 0)
    n, m = len(x), len(y)
    return k[:n, :n].sum() / (n * (n - 1)) + k[n:, n:].sum() / (m * (m - 1)) - 2 * k[:n, n:].mean()


def area(x, y):
    train, held = np.concatenate([x[::2], y[::2]]), np.concatenate([x[1::2], y[1::2]])
    labels = [np.repeat([0, 1], [len(x[s::2]), len(y[s::2])]) for s in (0, 1)]
    mean, scale = train.mean(0), train.std(0)
    fitted = LogisticRegression(C=1, tol=1e-12, max_iter=10000).fit((train - mean) / scale, labels[0])
    score = fitted.decision_function((held - mean) / scale)
    value = roc_auc_score(labels[1], score)
    p = stats.norm.sf((value - 0.5) / np.sqrt((len(held) + 1) / (12 * len(x[1::2]) * len(y[1::2]))))
    return value, p


def vectors(name, x, y):
    lines.append(f"vectors {name} {x.shape[1]} ; {text(x)} ; {text(y)}")
    say("mmd", mmd(x, y))
    say("mmd sigma=1.5", mmd(x, y, 1.5))
    say("domain_classifier", *area(x, y))


counts("plain", [40, 30, 20, 10], [20, 30, 20, 30])
counts("same", [5, 6, 7], [5, 6, 7])
counts("unseen", [50, 50, 0], [40, 40, 20])
counts("empty", [5, 0, 100, 3], [0, 0, 90, 5])
counts("rare", [99990, 10, 0], [990, 5, 5])
numbers("plain", draw("a", 60), draw("b", 45) * 1.5 + 0.25)
numbers("same", draw("c", 40), draw("c", 40))
numbers("tied", np.round(draw("d", 50)), np.round(draw("e", 20) + 1))
numbers("apart", draw("f", 30), draw("g", 25) + 20)
numbers("one", np.full(10, 2.0), np.full(5, 2.0))
numbers("lone", draw("h", 12), np.array([0.5]))
vectors("same", draw("x1", 40, 3), draw("x2", 30, 3))
vectors("moved", draw("x3", 25, 4), draw("x4", 31, 4) + 0.75)
vectors("wider", draw("x5", 33, 2), draw("x6", 20, 2) * 2)
for i, p in enumerate([[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.9, 1, 0], [1e-300, 0.049, 0.05, 0.05]]):
    for method, name in (("bonferroni", "bonferroni"), ("holm", "holm"), ("fdr_bh", "benjamini_hochberg")):
        lines.append(f"adjust {name} ; {text(p)} ; {text(multipletests(p, method=method)[1])}")

pathlib.Path(__file__).with_name("drift.txt").write_text("\n".join(lines) + "\n")
