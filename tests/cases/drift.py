"""DRF: statistics of two windows, and many tests at once, by the shared library."""
import csv
import ctypes
import json

import numpy as np

from judge import case


class Sample(ctypes.Structure):
    """fv_drift_sample."""
    _fields_ = [("n", ctypes.c_double), ("points", ctypes.c_int64), ("values", ctypes.c_void_p), ("bins", ctypes.c_int64),
                ("counts", ctypes.c_void_p), ("rows", ctypes.c_int64), ("columns", ctypes.c_int64), ("vectors", ctypes.c_void_p)]


class Value(ctypes.Structure):
    _fields_ = [("value", ctypes.c_double), ("p", ctypes.c_double)]


def library(t):
    found = ctypes.CDLL(t.programs.parent / "lib/libfovea.so")
    found.fv_drift_measure.restype = found.fv_drift_adjust.restype = ctypes.c_void_p
    return found


def measure(t, statistic, members, reference, current):
    arrays = [np.ascontiguousarray(a, float) for a in (reference, current)]
    samples = [Sample(**{members[0]: len(a), members[1]: a.ctypes.data}) for a in arrays]
    got = Value()
    error = library(t).fv_drift_measure(statistic.encode(), *[ctypes.byref(s) for s in samples], ctypes.byref(got))
    return (np.nan, np.nan) if error else (got.value, got.p)


@case("DRF-01")
def windows(t):
    want = t.expected

    def relative(text, got, wanted, tolerance=1e-6):
        t.near(text, got / wanted, 1, tolerance)

    r, c = (np.sort([float(row[-1]) for row in csv.reader(open(t.folder / f"{name}.csv")) if row[-1][-1].isdigit()])
            for name in ("ref", "cur"))
    d, p = measure(t, "kolmogorov_smirnov", ("points", "values"), r, c)
    relative("Kolmogorov-Smirnov", d, want["ks"]["statistic"])
    relative("its p", p, want["ks"]["p"], 1e-3)
    relative("Wasserstein", measure(t, "wasserstein normed=false", ("points", "values"), r, c)[0], want["wasserstein"])
    relative("normed", measure(t, "wasserstein", ("points", "values"), r, c)[0], want["wasserstein_normed"])
    classes = list(json.loads((t.folder / "classes.json").read_text()).values())[:2]
    counts = [list(x.values()) if isinstance(x, dict) else x for x in classes]
    relative("PSI of classes", measure(t, "psi", ("bins", "counts"), *counts)[0], want["psi_classes"])
    relative("JS distance", measure(t, "jensen_shannon", ("bins", "counts"), *counts)[0], want["js_distance_classes"])
    for option, name in (("table=expected", "chisquare"), ("", "chi2_contingency")):
        value, p = measure(t, f"chi_square {option}", ("bins", "counts"), *counts)
        relative(name, value, want[name]["statistic"])
        relative(f"its p ({name})", p, want[name]["p"])


@case("DRF-06")
def many(t):
    given = json.loads((t.folder / "p.json").read_text())
    p = np.asarray(given if isinstance(given, list) else next(iter(given.values())), float)
    for method, name in ((1, "bonferroni"), (3, "benjamini_hochberg")):
        adjusted = np.empty(len(p))
        error = library(t).fv_drift_adjust(method, ctypes.c_void_p(p.ctypes.data), ctypes.c_int64(len(p)),
                                           ctypes.c_void_p(adjusted.ctypes.data))
        t.equal(f"{name} is possible", error, None)
        t.near(name, adjusted, t.expected[name], 1e-6)
        order = np.argsort(p, kind="stable")
        t.claim("never above 1, never falling where p rises", adjusted.max() <= 1 and np.all(np.diff(adjusted[order]) >= 0))
    left = np.empty(3)
    library(t).fv_drift_adjust(1, np.array([0.01, np.nan, 0.04]).ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(3),
                               ctypes.c_void_p(left.ctypes.data))
    t.claim("what could not be judged is not in the count", left[0] == 0.02 and np.isnan(left[1]), left)
