"""file_calls.py: each call that changes a file fails in turn, of train, predict, report, data split and data fetch; what then
happens is judged.

usage: file_calls.py BUILD [--sample N] [--only COMMAND] [--error ENOSPC|EDQUOT|EIO]

BUILD is a build folder, with bin/fovea and lib/fail_io.so (tests/soak/fail_io.c, which says what is counted).

Right is: exit status 0 with the undisturbed result (what failed was not needed), or 1 with an error that names the file, or the
folder that it is in, and the system's reason; no temporary file left; and once the fault is gone, `train --resume` ends in the same
bits as the undisturbed training, and `data fetch` anew in the whole file. Prints a line for each call where that is not so, and
the counts; exit status 1 where there was any."""

import argparse
import collections
import os
import pathlib
import re
import sys
import tempfile

from scene import COMMANDS, Run, Scene

REASONS = {"ENOSPC": "No space left on device", "EDQUOT": "Disk quota exceeded", "EIO": "Input/output error"}


def names_file(error, note):
    """Whether the error names the file of the call, without the temporary ending, or its folder."""
    path = re.sub(r"\.\d+-\d+\.tmp(\.keep)?$", "", note.split(" ", 1)[1])
    return path in error or (note.split()[0] in ("open", "fsync") and (os.path.dirname(path) or ".") in error)


def judge(scene, command, run, where, plain, note, reason):
    """What is wrong, or None."""
    left = [path.name for path in where.rglob("*.tmp*")]
    if left:
        return f"temporary files left: {left}"
    if run.status not in (0, 1):
        return f"exit status {run.status}"
    if run.status == 0:
        return None if scene.same(command, run, where, plain) else "done, with another result"
    if reason not in run.error and REASONS["ENOSPC"] not in run.error:
        return f"the error does not say why: {run.error}"
    if not names_file(run.error, note):
        return f"the error does not name the file: {run.error}"
    if command == "fetch":
        return scene.again(command, where, plain)
    return scene.resume(where) if command == "train" else None


def try_all(scene, command, error, sample):
    plain = scene.undisturbed(command)
    outcomes, wrong, number, noted = collections.Counter(), 0, 0, scene.folder / "note"
    while True:
        number += sample
        where = scene.fresh(command)
        noted.unlink(missing_ok=True)
        run = Run(scene, COMMANDS[command], where, {"LD_PRELOAD": str(scene.shims / "fail_io.so"), "FAIL_IO": str(number),
                                                    "FAIL_IO_ERROR": error, "FAIL_IO_NOTE": str(noted)})
        if not noted.exists():
            break
        note = noted.read_text().strip()
        what = judge(scene, command, run, where, plain, note, REASONS[error])
        call = note.split()[0]
        outcomes[call, "wrong" if what else "error" if run.status else "done"] += 1
        if what:
            wrong += 1
            print(f"{command}, {error} at call {number}, {note}: {what}", flush=True)
    told = ", ".join(f"{call} {n} {outcome}" for (call, outcome), n in sorted(outcomes.items()))
    print(f"{command}: {error} at {sum(outcomes.values())} calls: {told}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="each N-th call only")
    parser.add_argument("--only", choices=COMMANDS)
    parser.add_argument("--error", choices=REASONS)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(options.build, pathlib.Path(folder))
        for command in [options.only] if options.only else [name for name in COMMANDS if name != "eval"]:
            for error in [options.error] if options.error else REASONS:
                wrong += try_all(scene, command, error, options.sample)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
