"""power_loss.py: the power fails after each call that a training makes on its files, and what was not synced may be lost.

usage: power_loss.py BUILD [--sample N]

BUILD is a build folder, with bin/fovea and lib/record_io.so (tests/soak/record_io.c), by which a short training is recorded. After
each call of the record every state that POSIX allows to be found after a crash is made:

- what was written to a file since it was synced is there, or was not written, or half of it was, or the file has its length and
  zeroes (as after a journal that knew the length and not the bytes);
- of the calls on a folder (create, link, rename, unlink, mkdir) since that was synced each took place or did not, whatever became
  of those before it.

In each state last.fovea or previous.fovea must be a checkpoint at least as new as the last that the training had finished saving,
whole; and the training must go on from there (begin anew, where it had none yet) to the same bits. --sample N: after each N-th call
only. Prints what is not so, and the counts."""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile

from disk import Disk, Folder
from scene import TRAIN, Run, Scene

OUT = "runs/shapes/run"  # a folder in folders that are not there yet


def make(state, where):
    shutil.rmtree(where / OUT.split("/")[0], ignore_errors=True)
    for path, content in sorted(state.items()):
        if content is None:
            (where / path).mkdir()
        else:
            (where / path).write_bytes(content)


def record_training(scene, where, record):
    run = Run(scene, TRAIN.replace("--out run", f"--out {OUT}"), where,
              {"LD_PRELOAD": str(scene.shims / "record_io.so"), "RECORD_IO": str(record)})
    assert run.status == 0, run.err
    lines = [line.split("\t") for line in (record / "log").read_text().splitlines()]
    shutil.rmtree(where / OUT.split("/")[0])
    return lines


def newest(state, saved):
    """The number of the newest checkpoint that is there whole, from 1; 0: none."""
    found = [state.get(f"{OUT}/{name}") for name in ("last.fovea", "previous.fovea")]
    return max([saved.index(content) + 1 for content in found if content in saved], default=0)


def checkpoints(lines, where, record):
    """Each last.fovea in turn, and after which call it was saved: its folder was synced."""
    disk, saved, ends = Disk(str(where)), [], []
    for i, line in enumerate(lines):
        disk.play(record, *line)
        if line[0] == "sync" and isinstance(disk.open[line[1]], Folder):
            last = disk.open[line[1]].names.get("last.fovea")
            if last and last.content not in saved:
                saved.append(last.content)
                ends.append(i)
    return saved, ends


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--sample", type=int, default=1, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(options.build, pathlib.Path(folder))
        record = pathlib.Path(folder) / "record"
        record.mkdir()
        where = scene.fresh("train")
        lines = record_training(scene, where, record)
        saved, ends = checkpoints(lines, where, record)
        disk, tried, crashes, wrong = Disk(str(where)), {}, 0, 0
        for i, line in enumerate(lines):
            disk.play(record, *line)
            if i % options.sample:
                continue
            done = sum(end <= i for end in ends)
            for state in disk.states():
                crashes += 1
                what = None
                if newest(state, saved) < done:
                    what = f"of {done} checkpoints saved, the newest left is {newest(state, saved)}"
                elif tuple(sorted(state.items(), key=lambda entry: entry[0])) not in tried:
                    make(state, where)
                    what = scene.resume(where, OUT)
                    tried[tuple(sorted(state.items(), key=lambda entry: entry[0]))] = True
                if what:
                    wrong += 1
                    there = ", ".join(f"{path} ({len(content)})" for path, content in sorted(state.items()) if content is not None)
                    print(f"after call {i + 1}, {' '.join(line)}, with {there or 'nothing'}: {what}", flush=True)
        print(f"power lost after {(len(lines) + options.sample - 1) // options.sample} of {len(lines)} calls: {crashes} states, "
              f"{len(tried)} different ones gone on with, {len(saved)} checkpoints; {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
