"""scene.py: what allocation.py, file_calls.py and power_loss.py share: a tiny training, its undisturbed result, and folders to disturb it in.

The pictures are of every decoder that a library stands behind, so that their faults are tried too."""

import functools
import hashlib
import http.server
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import threading

SOURCE = pathlib.Path(__file__).resolve().parents[2]
SECONDS_MAX = 60
PICTURES = {"ring": ["examples/shapes/test/ring/00%d.png" % i for i in range(4)] + ["tests/data/files/grey.jpg"],
            "cross": ["examples/shapes/test/cross/00%d.png" % i for i in range(4)]
            + ["tests/data/files/webp/lossy.webp", "tests/data/files/tiff/rgb_tiff_lzw.tif"]}
TRAIN = ('train --data data --arch "small_cnn width=4" --channels 1 --size 8 --epochs 2 --batch 4 --seed 1 '
         '--selftest-pictures 2 --no-track --out run')
COMMANDS = {"train": TRAIN,
            "eval": "eval run/best.fovea --data data --no-track --json",
            "predict": "predict run/best.fovea data --out answers.csv",
            "report": "report run",
            "split": "data split data --out list.csv --seed 1",
            "fetch": "data fetch AT/whole/best.fovea --out got.fovea --attempts 1"}


class Run:
    """One call of fovea, and what came of it. `status` is "late" when it did not end."""

    def __init__(self, scene, words, where, environment=None):
        command = [str(scene.fovea), *shlex.split(words.replace("AT", scene.at)), "--threads", scene.threads]
        if words.split()[0] in ("train", "predict", "report"):
            command += ["--workers", scene.workers]
        try:
            done = subprocess.run(command, cwd=where, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=SECONDS_MAX)
            self.status, self.out, self.err = done.returncode, done.stdout, done.stderr.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            self.status, self.out, self.err = "late", b"", (late.stderr or b"").decode(errors="replace")
        said = [line for line in self.err.splitlines() if line.startswith("fovea ")]
        self.error = said[-1] if said else ""


def without_times(name, content, exact):
    """A file of a run as it must be again: results.csv tells seconds, and the report's page shows them."""
    if name == "results.csv":
        return re.sub(rb",[0-9.]*$", b"", content, flags=re.M)
    return content if exact or name != "report.html" else b""


def state_of(folder, exact=False):
    """The names and contents of a folder but for the run's lock, which names a process. `exact`: the report's page too, where
    both were made from one results.csv."""
    state = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        if path.is_file() and path.name != "lock" and "data" not in path.relative_to(folder).parts:
            name = str(path.relative_to(folder))
            content = path.read_bytes()
            state[name] = hashlib.sha256(content if exact else without_times(path.name, content, exact)).hexdigest()
    return state


def without_previous(state):
    """previous.fovea is of any checkpoint before the last: which, nobody says after a fault."""
    return {name: content for name, content in state.items() if name != "previous.fovea"}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder):
    """The folder's files over HTTP, for `data fetch`; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_address[1]


class Scene:
    def __init__(self, build, folder, threads="1", workers="0"):
        self.fovea = build.resolve() / "bin/fovea"
        self.shims = build.resolve() / "lib"
        self.folder, self.threads, self.workers = folder, threads, workers
        self.resumed, self.at = {}, serve(folder)
        for kind, files in PICTURES.items():
            (folder / "data" / kind).mkdir(parents=True)
            for file in files:
                shutil.copy(SOURCE / file, folder / "data" / kind)
        first = Run(self, TRAIN, folder)
        assert first.status == 0, first.err
        self.wanted = state_of(folder / "run")
        os.rename(folder / "run", folder / "whole")

    def fresh(self, command):
        """A new folder to run the command in; what it needs of a training is there."""
        where = self.folder / "scene"
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        (where / "data").symlink_to(self.folder / "data")
        if command in ("eval", "predict", "report"):
            shutil.copytree(self.folder / "whole", where / "run")
        return where

    def undisturbed(self, command):
        """What the command leaves and says when all goes well."""
        where = self.fresh(command)
        run = Run(self, COMMANDS[command], where)
        assert run.status == 0, run.err
        return state_of(where, exact=command != "train"), run.out if command == "eval" else b""

    def same(self, command, run, where, plain):
        return (state_of(where, exact=command != "train"), run.out if command == "eval" else b"") == plain

    def again(self, command, where, plain):
        """The same command once the fault is gone, unless all is there already (the folder could not be synced, no more);
        None when it ends as it should, else what is wrong."""
        if (state_of(where, exact=True), b"") == plain:
            return None
        run = Run(self, COMMANDS[command], where)
        good = run.status == 0 and self.same(command, run, where, plain)
        return None if good else f"the same command does not end as it should: {run.error or run.status}"

    def resume(self, where, out="run"):
        """Goes on with the training that was left, or begins it; None when it ends as it should, else what is wrong. The same
        folder is tried once."""
        state = state_of(where / out)
        key = tuple(state.items())
        if key not in self.resumed:
            begun = any(name.endswith(".fovea") for name in state)
            run = Run(self, TRAIN.replace("--out run", f"--out {out}") + (" --resume" if begun else ""), where)
            good = run.status == 0 and without_previous(state_of(where / out)) == without_previous(self.wanted)
            self.resumed[key] = None if good else f"what is left does not go on to the same bits: {run.error or run.status}"
        return self.resumed[key]
