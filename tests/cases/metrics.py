"""MET: figures in the corners."""
import json
import shutil

from judge import case


def outcomes(t, name):
    """Rows "label probability …"; of one score a sample the probability of class 1."""
    given = json.loads((t.folder / f"{name}.json").read_text())
    scores = [s if isinstance(s, list) else [1 - s, s] for s in given["scores"]]
    return [[label, *row] for label, row in zip(given["targets"], scores)]


def measure(t, metric, rows):
    return t.numbers("measure", metric, len(rows[0]) - 1, rows=rows)[0][0]


def model_of_three(t):
    """A model of three classes, trained on nothing much."""
    for c in "abc":
        for i in range(4):
            path = t.work / "three" / c / f"{i}.pgm"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"P5 8 8 255\n" + bytes((x * (ord(c) - 94) + i * 9) % 256 for x in range(64)))
    t.train("run", t.work / "three")
    return t.work / "run/best.fovea"


@case("MET-01")
def ties(t):
    rows = outcomes(t, "scores")
    want = t.expected["top1_if_ties_go_to_the_lowest_index"]
    t.near("top-1 where ties go to the lowest index", measure(t, "top1", rows), want, 0)
    t.equal("top-5 of three classes", measure(t, "top_k k=5", rows), 1)
    t.equal("confusion matrix", t.numbers("confuse", 3, rows=rows), t.expected["confusion_rows_true"])
    model = model_of_three(t)
    question = ["eval", model, "--data", t.work / "three", "--json", "--metrics", "top_k k=5"]
    answers = [t.fovea(*question, "--threads", n) for n in (1, 2)]
    figures = answers[0].json
    t.claim("eval of three classes: top5 is 1, or left out", figures.get("top5", 1) == 1, figures.get("top5"))
    t.equal("asked for, it is 1", figures["metrics"][0]["value"], 1)
    trace = sum(figures["confusion"][c][c] for c in range(3))
    t.near("top-1 is the trace over the sum", figures["top1"], trace / figures["n"], 1e-12)
    t.equal("the same on any number of threads", answers[0].out, answers[1].out)


@case("MET-03")
def areas(t):
    names = {"ovr_macro": "roc_auc", "ovo_macro": "roc_auc multi_class=ovo", "ovr_weighted": "roc_auc average=weighted"}
    for name, want in t.expected["cases"].items():
        for key, figure in want.items():
            metric = names.get(key, key)
            t.near(f"{name}: {metric}", measure(t, metric, outcomes(t, name)), figure, 1e-7)
    loss = measure(t, "log_loss", outcomes(t, "certain_and_wrong"))
    t.near("log loss at probability 0, held at 2⁻⁵²", loss, 12.01, 0.01)
    t.equal("one class: undefined", str(measure(t, "roc_auc", outcomes(t, "one_class"))), "nan")
    model = model_of_three(t)
    shutil.copytree(t.work / "three/b", t.work / "one/b")
    answer = t.fovea("eval", model, "--data", t.work / "one", "--metrics", "roc_auc", "--json")
    figure = answer.json["metrics"][0]
    t.equal("eval of one class: null in JSON", figure["value"], None)
    t.claim("with a reason", figure.get("undefined"), figure)
    text = t.fovea("eval", model, "--data", t.work / "one", "--metrics", "roc_auc").out
    t.claim("and no NaN in text", "nan" not in text.lower(), text)
