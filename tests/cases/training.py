"""TRN: rates, weights and optimizers of a training."""
import re
import shutil
import signal
import subprocess

from judge import case


def rates(folder):
    return [float(row.split(",")[1]) for row in (folder / "results.csv").read_text().splitlines()[1:]]


def bits(folder):
    return (folder / "last.fovea").read_bytes()


SCHEDULES = {  # key of expected.json: epochs, largest rate, schedule, epochs of warm-up
    "cosine_10_epochs_0.1_to_0": (10, 0.1, "cosine", 0),
    "cosine_10_epochs_0.1_to_0.001": (10, 0.1, "cosine final=0.01", 0),
    "step_7_gamma_0.1": (16, 0.01, "step every=7 gamma=0.1", 0),
    "warmup_3_then_cosine_10": (10, 0.1, "cosine", 3),
    "exponential_0.95": (5, 0.001, "step every=1 gamma=0.95", 0),
}


def plan(t, epochs, rate, schedule, warmup, *options):
    return ["--data", t.set, "--arch", "lenet dropout=0", "--size", 28, "--channels", 1, "--transforms", "resize size=28",
            "--batch", 32, "--seed", 3, "--optimizer", "sgd", "--epochs", epochs, "--lr", rate, "--schedule", schedule,
            "--warmup-epochs", warmup, "--rate-per-epoch", *options]


def stop_after(t, epoch, out, arguments):
    """Ctrl-C once that epoch's row is there; the exit status."""
    command = [str(t.programs / "fovea"), "train", *map(str, arguments), "--out", str(t.work / out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        for line in running.stdout:
            if re.match(rf"epoch +{epoch} ", line):
                running.send_signal(signal.SIGINT)
        return running.wait()


def draw_set(t):
    """Two classes of stripes, an epoch of several steps."""
    t.set = t.work / "set"
    for part, times in (("train", 60), ("val", 1)):
        for c in "ab":
            (t.set / part / c).mkdir(parents=True)
            for i in range(times):
                pixels = bytes((x * (7 if c == "a" else 31) + i) % 256 for x in range(784))
                (t.set / part / c / f"{i}.pgm").write_bytes(b"P5 28 28 255\n" + pixels)


@case("TRN-03")
def schedules(t):
    draw_set(t)
    for name, (epochs, rate, schedule, warmup) in SCHEDULES.items():
        t.fovea("train", *plan(t, epochs, rate, schedule, warmup), "--out", t.work / name)
        t.near(name, rates(t.work / name), t.expected[name], 1e-9)
    resume(t)
    logged_is_used(t)


def logged_is_used(t):
    """Where the log says 0 nothing moves, where it does not, something does. All pictures in a batch: norms see the same."""
    t.fovea("train", *plan(t, 4, 0.1, "step every=1 gamma=0", 0, "--batch", 120), "--out", t.work / "still")
    losses = [float(row.split(",")[2]) for row in (t.work / "still/results.csv").read_text().splitlines()[1:]]
    t.equal("the rate falls to 0", rates(t.work / "still"), [0.1, 0, 0, 0])
    t.near("the rate in the log is the one used: at 0 nothing moves", losses[2:], losses[1:2] * 2, 1e-5)
    t.claim("and before it something did", abs(losses[1] - losses[0]) > 1e-3, losses)


def resume(t):
    whole = t.work / "cosine_10_epochs_0.1_to_0"
    status = stop_after(t, 4, "stopped", plan(t, 10, 0.1, "cosine", 0))
    t.claim("stopped after epoch 4", status == 75 and 4 <= len(rates(t.work / "stopped")) < 10, status)
    shutil.copytree(t.work / "stopped", t.work / "changed")
    for text, options in {"epochs": ("--epochs", 20), "learning_rate": ("--lr", 0.2)}.items():
        answer = t.fovea("train", "--resume", "--out", t.work / "changed", *options)
        t.claim(f"a changed {text} is refused by name", answer.status == 1 and text in answer.err, answer.err)
    t.fovea("train", "--resume", "--out", t.work / "stopped")
    t.equal("resumed, the rates are those of the unbroken run", rates(t.work / "stopped"), rates(whole))
    t.claim("and so are the final bits", bits(t.work / "stopped") == bits(whole))


@case("TRN-05")
def class_weights(t):
    want = list(t.expected["balanced"].values())
    got = t.numbers("weigh", *t.expected["counts"].values())[0]
    t.near("n / (K · count)", got, want, 1e-9)
    trained = t.train("run", t.folder / "train", "--val", t.folder / "train", "--class-weights", "balanced")
    said = re.search(r"class_weights=([\d.,]+)", trained.err)
    t.near("printed with the run", [float(x) for x in said[1].split(",")] if said else [], want, 1e-6)
    stored = said and said[1].encode() in (t.work / "run/best.fovea").read_bytes().replace(b", ", b",")
    t.claim("stored with it: in the model", stored)
    empty = t.numbers("weigh", *t.expected["counts"].values(), 0)[0]
    t.claim("an empty class weighs 0 or 1", empty[3] in (0, 1), empty)
    t.near("the others are unchanged, or by K = 4", empty[:3], want, 1e-9)
    shutil.copytree(t.folder / "train", t.work / "four")
    (t.work / "four/d").mkdir()
    (t.work / "four/d/0.png").write_text("no picture\n")
    trained = t.train("four.run", t.work / "four", "--class-weights", "balanced", "--allow-dropped")
    t.claim("an empty class is said", "class d has no picture to train on" in trained.err, trained.err)
    said = re.search(r"class_weights=([\d.,]+)", trained.err)
    t.claim("and its weight is finite", trained.status == 0 and said and float(said[1].split(",")[3]) in (0, 1), trained.err)


OPTIMIZERS = {  # key of expected.json: ours
    "sgd": "sgd",
    "sgd_momentum": "sgd momentum=0.9",
    "sgd_momentum_dampening": "sgd momentum=0.9 dampening=0.5",
    "sgd_nesterov_decay": "sgd momentum=0.9 nesterov=true weight_decay=0.01",
    "adam": "adam",
    "adam_l2": "adam weight_decay=0.1",
    "adamw": "adamw weight_decay=0.1",
    "adam_amsgrad": "adam amsgrad=true",
    "rmsprop": "rmsprop",
    "rmsprop_centered_momentum": "rmsprop centered=true momentum=0.9",
    "adagrad": "adagrad",
}


@case("TRN-06")
def optimizers(t):
    there = set(re.findall(r"^ {2}(\w+)", t.fovea("help", "optimizer").out, re.M))
    walk = [t.expected["start"], *t.expected["gradients"]]
    absent = []
    for name, steps in t.expected["after_each_step"].items():
        optimizer = OPTIMIZERS[name]
        options = t.fovea("help", "optimizer", optimizer.split()[0]).out if optimizer.split()[0] in there else ""
        if not all(option.split("=")[0] in options for option in [optimizer.split()[0], *optimizer.split()[1:]]):
            absent.append(name)
            continue
        for number, (got, want) in enumerate(zip(t.numbers("walk", optimizer, t.expected["lr"], 0, rows=walk), steps)):
            t.near(f"{name}: after step {number + 1}", got, want, 2e-9)
    clip = t.expected["clip_grad_norm_1_of_3_4"]
    got = t.numbers("walk", "sgd", 1, 1, rows=[[0, 0, 0], [3, 4, 0]])[0]
    t.near("gradients clipped to norm 1", [-x for x in got[:2]], clip["clipped"], 1e-6)
    draw_set(t)
    for optimizer in ("sgd momentum=0.9", "adam", "adamw"):
        resumed_between(t, optimizer)
    t.remark = "not there: " + ", ".join(absent) if absent else ""


def resumed_between(t, optimizer):
    arguments = plan(t, 6, 0.01, "constant", 0, "--optimizer", optimizer)
    name = optimizer.split()[0]
    t.fovea("train", *arguments, "--out", t.work / name)
    status = stop_after(t, 2, f"{name}.stopped", arguments)
    t.fovea("train", "--resume", "--out", t.work / f"{name}.stopped")
    same = bits(t.work / name) == bits(t.work / f"{name}.stopped")
    t.claim(f"{name}: stopped and resumed, the same bits", status == 75 and same, f"exit status {status}")
