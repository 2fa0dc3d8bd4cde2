#!/usr/bin/env python3
"""Figures of small outcomes from scikit-learn and scipy, for tests/metrics.

    python tests/golden/metrics.py     writes tests/golden/metrics.txt; needs scikit-learn, scipy, statsmodels

A line "data KIND NAME ; COUNT CLASSES ; numbers ; numbers" is followed by figures of it:
    class    probabilities in row order ; class numbers         labels   probabilities ; truths, 0 or 1, in row order
    numbers  predicted ; true                                   logits   logits in row order (f32) ; class numbers
A figure: "METRIC ; value", or of what is no metric "curve CLASS ; threshold true_positive_rate false_positive_rate precision …",
"reliability BINS ; count confidence accuracy …", "temperature ; T loss_before loss_after", "paired METRIC ; first second p": a
second model beside the first (tests/metrics/paired.c makes the same), and p of the permutation test by all its swaps.
Lines of their own: "wilson SUCCESSES COUNT CONFIDENCE ; low high", "mcnemar FIRST SECOND ; exact mid_p chi_squared corrected",
"shares ONLY_FIRST ONLY_SECOND COUNT CONFIDENCE ; low high", "means COUNT COUNT CONFIDENCE ; values… values… t degrees p low high",
"holm COUNT ; p… adjusted…"."""
import itertools
import pathlib
import warnings
import zlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binom, binomtest
from sklearn import metrics as M
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

warnings.simplefilter("ignore")
NAN = float("nan")


ZERO = {"0": 0, "1": 1, "skip": NAN}
AVERAGES = [("macro", "0"), ("macro", "1"), ("macro", "skip"), ("weighted", "0"), ("weighted", "skip"), ("micro", "0")]


def uniform(name, count):
    """Numbers in [-1, 1), multiples of 2^-16: short to write down, and tied now and then."""
    return np.floor(np.random.RandomState(zlib.crc32(name.encode())).uniform(-1, 1, count) * 2**16) / 2**16


def text(values):
    return " ".join(f"{float(v):.17g}" for v in np.ravel(values))


# ---- one class of several ----

def calibration(p, y, bins):
    """Guo et al. 2017: bins (m/M, (m + 1)/M]."""
    answers = np.argmax(p, 1)
    confidence, right = p[np.arange(len(y)), answers], answers == y
    place = np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")
    rows = []
    for b in range(bins):
        mine = place == b
        rows.append((mine.sum(), confidence[mine].mean() if mine.any() else NAN, right[mine].mean() if mine.any() else NAN))
    gaps = [(n / len(y) * abs(a - c), abs(a - c)) for n, c, a in rows if n]
    return sum(g[0] for g in gaps), max(g[1] for g in gaps), rows


def areas_of_classes(p, y, classes):
    """Multi-class areas in scikit-learn's way where it has one; of two classes class 1."""
    if classes == 2:
        return {"roc_auc": M.roc_auc_score(y, p[:, 1]) if len(set(y)) == 2 else NAN,
                "average_precision": M.average_precision_score(y, p[:, 1])}
    hot = np.eye(classes, dtype=int)[y]
    figures = {"average_precision": M.average_precision_score(hot, p)}
    for average in ("weighted", "micro"):
        figures[f"average_precision average={average}"] = M.average_precision_score(hot, p, average=average)
    labels = list(range(classes))
    for average in ("macro", "weighted", "micro"):
        figures[f"roc_auc average={average}"] = M.roc_auc_score(y, p, multi_class="ovr", average=average, labels=labels)
    seen = len(set(y)) > 1
    for average in ("macro", "weighted"):
        value = M.roc_auc_score(y, p, multi_class="ovo", average=average, labels=labels) if seen else NAN
        figures[f"roc_auc multi_class=ovo average={average}"] = value
    each = [M.roc_auc_score(hot[:, c], p[:, c]) for c in range(classes) if 0 < hot[:, c].sum() < len(y)]
    figures["roc_auc skip_absent=true"] = np.mean(each) if each else NAN
    return figures


def averages_of_answers(y, answers, classes):
    figures, labels = {}, list(range(classes))
    for name, of in (("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score)):
        for average, zero in AVERAGES:
            value = of(y, answers, average=average, zero_division=ZERO[zero])
            figures[f"{name} average={average} zero_division={zero}"] = value
        for c, value in enumerate(of(y, answers, average=None, labels=labels, zero_division=NAN)):
            figures[f"{name} class={c} zero_division=skip"] = value
    return figures


def of_classes(p, y):
    classes, answers = p.shape[1], np.argmax(p, 1)
    labels = list(range(classes))
    expected, largest, _ = calibration(p, y, 15)
    few, few_largest, rows = calibration(p, y, 4)
    figures = {
        "top1": M.accuracy_score(y, answers),
        "log_loss": M.log_loss(y, p, labels=labels),
        "brier": M.brier_score_loss(y, p, labels=labels),
        "balanced_accuracy": M.balanced_accuracy_score(y, answers),
        "balanced_accuracy adjusted=true":
            M.balanced_accuracy_score(y, answers, adjusted=True) if len(set(y)) > 1 else NAN,
        "matthews": M.matthews_corrcoef(y, answers),
        "expected_calibration_error": expected, "maximum_calibration_error": largest,
        "expected_calibration_error bins=4": few, "maximum_calibration_error bins=4": few_largest,
        "reliability 4": rows,
        **averages_of_answers(y, answers, classes), **areas_of_classes(p, y, classes)}
    for weights in ("none", "linear", "quadratic"):
        figures[f"cohen_kappa weights={weights}"] = M.cohen_kappa_score(
            y, answers, labels=labels, weights=None if weights == "none" else weights, replace_undefined_by=NAN)
    if len(set(p.ravel())) == p.size:  # its own ties are broken upwards
        figures["top_k k=2"] = M.top_k_accuracy_score(y, p[:, 1] if classes == 2 else p, k=2, labels=labels)
    for c in range(classes):
        figures[f"curve {c}"] = curve((np.array(y) == c).astype(int), p[:, c])
    return figures


def curve(truth, score):
    fpr, tpr, thresholds = M.roc_curve(truth, score, drop_intermediate=False)
    precision, _, _ = M.precision_recall_curve(truth, score, drop_intermediate=False)
    return np.stack([thresholds, tpr, fpr, precision[::-1]], 1)


# ---- several labels, numbers, logits ----

def of_labels(p, y):
    classes, yes = p.shape[1], (p >= 0.5).astype(int)
    figures = {"subset_accuracy": M.accuracy_score(y, yes), "hamming_loss": M.hamming_loss(y, yes),
               "subset_accuracy threshold=0.25": M.accuracy_score(y, (p >= 0.25).astype(int)),
               "label_ranking_average_precision": M.label_ranking_average_precision_score(y, p),
               "log_loss": np.mean([M.log_loss(y[:, c], p[:, c], labels=[0, 1]) for c in range(classes)]),
               "brier": np.mean([np.mean((p[:, c] - y[:, c]) ** 2) for c in range(classes)])}
    for name, of in (("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score)):
        for average, zero in AVERAGES + [("samples", "0"), ("samples", "1"), ("samples", "skip")]:
            value = of(y, yes, average=average, zero_division=ZERO[zero])
            figures[f"{name} average={average} zero_division={zero}"] = value
    for average in ("macro", "weighted", "micro"):
        figures[f"average_precision average={average}"] = M.average_precision_score(y, p, average=average)
        if average != "weighted" or y.any():
            figures[f"roc_auc average={average}"] = M.roc_auc_score(y, p, average=average)
    return figures


def of_numbers(predicted, true):
    return {"mae": M.mean_absolute_error(true, predicted), "rmse": M.root_mean_squared_error(true, predicted),
            "median_absolute_error": M.median_absolute_error(true, predicted), "r2": M.r2_score(true, predicted)}


def of_logits(z, y):
    def loss(t):
        scaled = z.astype(np.float64) / t
        return np.mean(scipy.special.logsumexp(scaled, 1) - scaled[np.arange(len(y)), y])
    best = minimize_scalar(lambda u: loss(np.exp(u)), bounds=(np.log(0.05), np.log(100)), method="bounded",
                           options={"xatol": 1e-12}).x
    at = lambda t: M.log_loss(y, scipy.special.softmax(z.astype(np.float64) / t, 1), labels=list(range(z.shape[1])))
    return {"temperature": (np.exp(best), at(1), at(np.exp(best)))}


# ---- two models ----

PAIRED = {
    "class": {"top1": lambda p, y: M.accuracy_score(y, np.argmax(p, 1)),
              "f1": lambda p, y: M.f1_score(y, np.argmax(p, 1), average="macro", zero_division=0),
              "log_loss": lambda p, y: M.log_loss(y, p, labels=list(range(p.shape[1])))},
    "labels": {"hamming_loss": lambda p, y: M.hamming_loss(y, (p >= 0.5).astype(int)),
               "average_precision": lambda p, y: M.average_precision_score(y, p, average="macro")},
    "numbers": {"mae": lambda p, y: M.mean_absolute_error(y, p), "r2": lambda p, y: M.r2_score(y, p)}}


def second_model(x):
    """Of samples 1, 4, 7 …: a row turned by one, a number moved by a half."""
    second = x.copy()
    second[1::3] = np.roll(x[1::3], 1, axis=1) if x.ndim == 2 else x[1::3] + 0.5
    return second


def permutation_p(x, second, y, metric):
    """Every swap of the samples that differ; scipy's agrees where all swaps of all samples are few."""
    differing = np.arange(1, len(x), 3)
    seen, extreme, tried = abs(metric(second, y) - metric(x, y)), 0, 0
    for swaps in itertools.product((False, True), repeat=len(differing)):
        a, b = x.copy(), second.copy()
        rows = differing[np.array(swaps, dtype=bool)]
        a[rows], b[rows] = second[rows], x[rows]
        extreme += abs(metric(b, y) - metric(a, y)) >= seen - 1e-12
        tried += 1
    if len(x) <= 6:
        both = np.concatenate([x, second])
        value = stats.permutation_test(
            (np.arange(len(x)), np.arange(len(x), 2 * len(x))), lambda i, j: metric(both[j], y) - metric(both[i], y),
            permutation_type="samples", vectorized=False, n_resamples=np.inf).pvalue
        assert abs(value - extreme / tried) < 1e-9, (value, extreme, tried)
    return extreme / tried


def paired(kind, x, y):
    second = second_model(x)
    for name, metric in PAIRED.get(kind, {}).items():
        yield f"paired {name} ; {text((metric(x, y), metric(second, y), permutation_p(x, second, y, metric)))}"


def shares_interval(only_first, only_second, n, confidence):
    """Tango 1998: the likeliest multinomial for each difference is found by search, not by his formula."""
    b, c, z = only_second, only_first, stats.norm.isf((1 - confidence) / 2)

    def statistic(delta):
        xlogy, low, high = scipy.special.xlogy, max(0, -delta), (1 - delta) / 2
        loss = lambda p: -(xlogy(b, max(p + delta, 1e-300)) + xlogy(c, max(p, 1e-300)) + xlogy(n - b - c, max(1 - 2 * p - delta, 1e-300)))
        p = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-14}).x
        p = min((loss(q), q) for q in (low, p, high))[1]
        return (b - c - n * delta) / np.sqrt(n * (2 * p + delta * (1 - delta)))
    middle = (b - c) / n
    edge = 1 - 1e-9
    return (brentq(lambda d: statistic(d) - z, -edge, middle, xtol=1e-13), brentq(lambda d: statistic(d) + z, middle, edge, xtol=1e-13))


def seeds():
    for a, b in (((0.91, 0.93, 0.92), (0.95, 0.96, 0.94, 0.951)), ((1.0, 2.0), (1.5, 9.0)), ((0.5, 0.5, 0.5), (0.75, 0.875)),
                 ((3.0, 3.25, 2.75, 3.5, 3.125), (3.0,)), ((10.0,), (1.0, 1.5))):
        for confidence in (0.95, 0.99):
            pooled = min(len(a), len(b)) == 1
            test = stats.ttest_ind(b, a, equal_var=pooled)
            low, high = test.confidence_interval(confidence)
            yield f"means {len(a)} {len(b)} {confidence} ; {text(a + b + (test.statistic, test.df, test.pvalue, low, high))}"
    for p in ((0.01, 0.04, 0.03), (0.5, 0.9, 0.2, 0.001, 0.001), (0.02,), (0.6, 0.7)):
        yield f"holm {len(p)} ; {text(p + tuple(multipletests(p, method='holm')[1]))}"


# ---- data ----

def probabilities(name, count, classes, scale, step=0):
    """A softmax of hashed logits; `step` rounds the logits, so that there are ties."""
    z = scale * uniform(name, count * classes).reshape(count, classes)
    z = np.round(z / step) * step if step else z
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def classes_of(name, count, classes):
    return ((uniform(name, count) + 1) / 2 * classes).astype(int)


def truths(name, count, classes, bar):
    return (uniform(name, count * classes).reshape(count, classes) > bar).astype(int)


THREE = np.array([[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.4, 0.4, 0.2]])
two = lambda *p: np.stack([1 - np.array(p), np.array(p)], 1)
ABSENT = np.where(np.arange(18).reshape(6, 3) % 3 == 1, 0, THREE)  # class 1 neither true nor an answer
CLASSES = {
    "plain": (probabilities("a", 23, 4, 2), classes_of("b", 23, 4)),
    "tied": (probabilities("c", 30, 3, 2, 1), classes_of("d", 30, 3)),
    "two": (probabilities("e", 17, 2, 1), classes_of("f", 17, 2)),
    "three": (THREE, [0, 1, 2, 1, 1, 0]),
    "equal scores": (np.array([[.2, .5, .3], [.4, .4, .2], [1 / 3, 1 / 3, 1 / 3], [.1, .1, .8], [0, 0, 1]]), [1, 1, 2, 0, 2]),
    "pairs tied": (two(.1, .4, .4, .8, .4, .4), [0, 0, 1, 1, 0, 1]),
    "constant": (two(.5, .5, .5, .5), [0, 1, 1, 0]),
    "perfect": (two(.1, .2, .3), [0, 0, 1]),
    "reversed": (two(.1, .2, .3), [1, 1, 0]),
    "rare": (two(.1, .2, .2, .3, .3, .3, .4, .5, .6, .5), [0] * 9 + [1]),
    "one class": (two(.2, .5, .9), [1, 1, 1]),
    "the other class": (two(.2, .5, .9), [0, 0, 0]),
    "absent": (ABSENT / ABSENT.sum(1, keepdims=True), [0, 2, 2, 0, 2, 0]),
    "never the answer": (np.array([[.5, .1, .4], [.2, .1, .7], [.6, .3, .1], [.4, .35, .25]]), [0, 1, 1, 0]),
    "all of class 0": (THREE, [0] * 6),
    "certain": (np.eye(3)[[0, 1, 0]], [0, 1, 2]),
    "one sample": (np.array([[0.25, 0.5, 0.25]]), [1]),
    "on edges": (np.array([[.25, .75], [.5, .5], [0, 1.], [1., 0], [.75, .25], [.5, .5]]), [1, 0, 1, 1, 0, 1]),
}
LABELS = {
    "plain": (probabilities("g", 19, 5, 2) * 1.5 % 1, truths("h", 19, 5, 0.2)),
    "tied": (np.round((uniform("i", 60).reshape(15, 4) + 1) * 4) / 8, truths("j", 15, 4, 0)),
    "absent": (np.array([[.9, .1, .5], [.2, .1, .5], [.7, .6, .4]]), np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1]])),
    "nothing true": (np.array([[.9, .1], [.2, .3]]), np.zeros((2, 2), int)),
    "nothing answered": (np.array([[.1, .1], [.2, .3]]), np.array([[1, 0], [0, 1]])),
    "empty rows": (np.array([[.1, .1], [.6, .3], [.9, .8], [.2, .7]]), np.array([[0, 0], [0, 0], [1, 1], [1, 0]])),
    "one sample": (np.array([[.9, .1, .5]]), np.array([[1, 0, 1]])),
    "certain": (np.array([[1., 0], [0, 1.], [1., 1.]]), np.array([[1, 0], [1, 0], [0, 1]])),
}
NUMBERS = {
    "plain": (3 * uniform("k", 21), 3 * uniform("l", 21) + 1),
    "even": (np.array([1.0, 2.5, -3.0, 4.0]), np.array([1.5, 2.0, -1.0, 4.0])),
    "constant": (np.array([2.0, 2.0, 2.5]), np.array([2.0, 2.0, 2.0])),
    "exact constant": (np.array([2.0, 2.0]), np.array([2.0, 2.0])),
    "one": (np.array([2.0]), np.array([3.0])),
    "worse than the mean": (np.array([5.0, -5.0, 0.0]), np.array([-5.0, 5.0, 0.0])),
}


def logits(name, count, classes, scale, truth_share):
    """Hashed logits, the true class of a share of the samples raised."""
    z, y = uniform(name, count * classes).reshape(count, classes), classes_of(name + " labels", count, classes)
    raised = uniform(name + " raised", count) < 2 * truth_share - 1
    z[np.arange(count)[raised], y[raised]] += 1
    return (scale * z).astype(np.float32), y


LOGITS = {"overconfident": logits("m", 40, 3, 8, 0.6), "underconfident": logits("n", 40, 3, 0.5, 0.9),
          "large": logits("o", 30, 4, 60, 0.7), "two": logits("p", 25, 2, 4, 0.7)}


def shares():
    for n, k in ((10, 0), (10, 10), (1, 0), (1, 1), (10, 3), (150, 148), (10000, 9953)):
        for confidence in (0.9, 0.95, 0.99):
            interval = binomtest(k, n).proportion_ci(confidence, method="wilson")
            yield f"wilson {k} {n} {confidence} ; {text(interval)}"
    for a, b in ((0, 0), (0, 1), (5, 0), (3, 3), (7, 2), (20, 41), (1001, 1100), (4, 5)):
        exact = binomtest(min(a, b), a + b).pvalue if a + b else 1
        mid = 2 * binom.cdf(min(a, b), a + b, 0.5) - binom.pmf(min(a, b), a + b, 0.5) if a + b else 1
        corrected = mcnemar([[0, a], [b, 0]], exact=False, correction=True) if a != b else None
        figures = (corrected.statistic, corrected.pvalue) if corrected else (0, 1)
        yield f"mcnemar {a} {b} ; {text((exact, mid) + figures)}"
    for a, b, n in ((1, 7, 50), (12, 2, 50), (3, 3, 40), (0, 1, 20), (0, 9, 278), (41, 20, 10000), (1, 0, 2), (5, 4, 9)):
        for confidence in (0.9, 0.95):
            yield f"shares {a} {b} {n} {confidence} ; {text(shares_interval(a, b, n, confidence))}"


if __name__ == "__main__":
    lines = [f"# scikit-learn {sklearn.__version__}, scipy {scipy.__version__}; see metrics.py"]
    for kind, sets, of in (("class", CLASSES, of_classes), ("labels", LABELS, of_labels), ("numbers", NUMBERS, of_numbers),
                           ("logits", LOGITS, of_logits)):
        for name, (x, y) in sets.items():
            x, y = np.asarray(x), np.asarray(y)
            lines.append(f"data {kind} {name} ; {len(x)} {x.shape[1] if x.ndim == 2 else 0} ; {text(x)} ; {text(y)}")
            lines += [f"{metric} ; {text(value)}" for metric, value in of(x, y).items()]
            if name in ("plain", "tied", "three", "even", "two"):
                lines += paired(kind, x, y)
    lines += shares()
    lines += seeds()
    pathlib.Path(__file__).with_name("metrics.txt").write_text("\n".join(lines) + "\n")
