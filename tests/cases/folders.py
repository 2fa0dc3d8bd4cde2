"""DIR and CSV: data sets as people keep them."""
import csv
import shutil

from judge import case


def counts(scan):
    return {item["class"]: item["count"] for item in scan["class_counts"]}


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@case("DIR-01")
def stray_files(t):
    scan = t.scan(t.folder, "--strict")
    t.equal("classes", scan["classes"], t.expected["classes"])
    t.equal("pictures of each", counts(scan), t.expected["images"])
    t.equal("nothing is called corrupt", scan["rejected"], [])
    t.equal("scan --strict passes", t.fovea("data", "scan", t.folder, "--strict").status, 0)
    t.equal("train --strict passes", t.train("run", t.folder, "--strict").status, 0)
    t.remark = f"{scan['ignored']} ignored, counted"


@case("DIR-02")
def numbers_for_names(t):
    order = t.scan(t.folder)["classes"]
    t.claim("one of the two orders", order in (t.expected["order_bytewise"], t.expected["order_natural"]), order)
    t.train("run", t.folder)
    model = t.work / "run/best.fovea"
    figures = t.fovea("eval", model, "--data", t.folder, "--json").json
    t.equal("eval has the same order", figures["classes"], order)
    answers = t.fovea("predict", model, t.folder / "val", "--json").lines
    t.claim("a prediction says a name", {line["label"] for line in answers} <= set(order), answers[0])
    confusion = [[0] * len(order) for _ in order]
    for line in answers:
        confusion[order.index(line["path"].split("/")[-2])][order.index(line["label"])] += 1
    t.equal("predictions by name are what eval counts by number", confusion, figures["confusion"])
    for name in ("2", "10"):
        shutil.copytree(t.folder / "val" / name, t.work / "some" / name)
    some = t.fovea("eval", model, "--data", t.work / "some", "--json").json
    t.equal("eval of two of the classes keeps the model's order", some["classes"], order)
    t.equal("and counts them where they belong", [sum(row) for row in some["confusion"]],
            [2 if name in ("2", "10") else 0 for name in order])
    t.remark = "by bytes" if order == t.expected["order_bytewise"] else "by number"


@case("DIR-07")
def deep_and_capital(t):
    scan = t.scan(t.folder)
    t.equal("classes", scan["classes"], t.expected["classes"])
    rejected = {item["path"] for item in scan["rejected"]}
    want = dict(t.expected["images"], b=6 - len(rejected & {"b/photo3.jpe"}))
    t.equal("pictures of each", counts(scan), want)
    t.fovea("data", "split", t.folder, "--out", t.work / "list.csv")
    ids = [row["path"] for row in rows(t.work / "list.csv")]
    t.equal("two files called x.png are two samples", sum(path.endswith("/x.png") for path in ids), 2)
    t.remark = ".jpe is a JPEG" if not rejected else ""


def split(t, data, out):
    answer = t.fovea("data", "split", data, "--out", t.work / out, "--val-fraction", 0.2, "--seed", 7)
    return {row["path"].split("DIR-09/")[-1]: row for row in rows(t.work / out)}, answer


@case("DIR-09")
def lopsided_split(t):
    first, answer = split(t, t.folder, "first.csv")
    parts = {}
    for row in first.values():
        key = (row["label"], row["split"])
        parts[key] = parts.get(key, 0) + 1
    t.equal("common 16 and 4, rare 1 and 1, the single one in train", parts,
            {("common", "train"): 16, ("common", "val"): 4, ("rare", "train"): 1, ("rare", "val"): 1, ("single", "train"): 1})
    t.claim("a line says so", "single" in answer.err, answer.err)
    t.equal("23 in all, none twice", [len(rows(t.work / "first.csv")), len(first)], [23, 23])
    split(t, t.folder, "again.csv")
    t.equal("the same on another run", (t.work / "again.csv").read_bytes(), (t.work / "first.csv").read_bytes())
    shutil.copytree(t.folder, t.work / "DIR-09")
    elsewhere, _ = split(t, t.work / "DIR-09", "elsewhere.csv")
    places = lambda table: {path: row["split"] for path, row in table.items()}
    t.equal("the same in another place", places(elsewhere), places(first))
    shutil.copy(t.folder / "common/00.png", t.work / "DIR-09/common/20.png")
    more, _ = split(t, t.work / "DIR-09", "more.csv")
    moved = sum(more[path]["split"] != row["split"] for path, row in first.items())
    t.claim("adding a file moves at most one other, as documented", moved <= 1, moved)


@case("CSV-01")
def spreadsheets(t):
    tables = []
    for name in ("labels.csv", "no_final_newline.csv"):
        scan = t.scan(t.folder / name)
        t.equal(f"{name}: rows", [scan["found"], scan["usable"]], [t.expected["rows"]] * 2)
        t.equal(f"{name}: classes", scan["classes"], t.expected["classes"])
        answer = t.fovea("data", "split", t.folder / name, "--out", t.work / name)
        tables.append(rows(t.work / name))
        labels = {row["path"].split("images/")[-1]: row["label"] for row in tables[-1]}
        t.equal(f"{name}: labels", labels, t.expected["labels"])
        t.claim(f"{name}: the column is called filename", 'column "filename"' in answer.err, answer.err)
    t.equal("both give the same", *tables)
