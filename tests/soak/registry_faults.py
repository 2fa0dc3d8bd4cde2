"""registry_faults.py: what becomes of a registry when the power fails, or a call on a file, while models are registered and promoted.

usage: registry_faults.py BUILD power|calls|full [--sample N] [--error ENOSPC|EDQUOT|EIO]

BUILD is a build folder, with bin/fovea, bin/registrar (tests/programs/registrar.c) and the shims of tests/soak. The registrar makes
a workspace, and three times puts an object, registers it as a version and promotes that; it acknowledges each step.

power: after each call of its record every state that POSIX allows to be found after a crash is made (disk.py; where they are more
than 300, those in which one file or folder at a time is not as it was left).
calls: each call that changes a file fails, with each error.
full: the disk is full, at every size from 16 KiB to what is needed, in steps of 16 N (needs the right to mount a tmpfs; without it
exit status 77).

In each case the workspace is then opened again, and: `fovea registry fsck` (pages, references, counts, audit log, every object's
bytes) finds nothing wrong; what was acknowledged is there; the alias points where the last promotion says, and each is in the audit
log; and once more a model can be registered. A call that failed was told with its file and reason. --sample N: each N-th call only.
Prints what is not so, and the counts."""

import argparse
import itertools
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

from disk import Disk, PagedFile

COUNT = 3
IGNORED = ("-shm", ".lock")  # mapped memory, which SQLite makes anew; locks, which hold nothing
STATES_MAX = 300
# SQLite knows the system's reason only where it has made no call since, and of an opening never.
OF_SQLITE = "disk I/O error|unable to open database file"
REASONS = {"ENOSPC": f"disk is full|No space left on device|{OF_SQLITE}", "EDQUOT": f"Disk quota exceeded|{OF_SQLITE}",
           "EIO": f"Input/output error|{OF_SQLITE}"}


class Bench:
    def __init__(self, build, folder):
        self.build, self.folder = build.resolve(), folder
        self.workspace, self.acks = folder / "scene/ws", folder / "acks"

    def fresh(self):
        for path in (self.workspace.parent, self.acks):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()

    def registrar(self, count, environment=None, acks=None, first=1):
        command = [str(self.build / "bin/registrar"), str(self.workspace), str(count), str(acks or self.acks), str(first)]
        return subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, timeout=60)

    def acknowledged(self):
        return {path.name for path in self.acks.iterdir()}

    def fsck(self):
        run = subprocess.run([str(self.build / "bin/fovea"), "registry", "fsck", "--json", "--workspace", str(self.workspace)],
                             capture_output=True, text=True, timeout=60)
        if run.returncode not in (0, 1) or not run.stdout:
            return f"fsck says nothing: {run.stderr.strip()}"
        wrong = [finding for finding in json.loads(run.stdout)["findings"] if not finding["harmless"]]
        return "; ".join(f"{finding['kind']} {finding['subject']}: {finding['text']}" for finding in wrong)

    def judge(self, acknowledged):
        """None when all is as it should be, else what is not. Registers once more, so the workspace is spent."""
        opened = self.registrar(0)
        if opened.returncode:
            return f"it cannot be opened: {opened.stderr.strip()}"
        return self.fsck() or self.facts(acknowledged) or self.once_more()

    def facts(self, acknowledged):
        database = sqlite3.connect(self.workspace / "fovea.db")
        ask = lambda sql: [row[0] for row in database.execute(sql)]
        versions = ask("SELECT number FROM version ORDER BY number")
        promoted = ask("SELECT version FROM promotion WHERE taken ORDER BY id")
        alias = ask("SELECT number FROM alias JOIN version ON version.id = version_id")
        objects, audited = ask("SELECT count(*) FROM object")[0], ask("SELECT count(*) FROM audit WHERE action LIKE 'alias.%'")[0]
        database.close()
        done = {what: sum(ack.startswith(what) for ack in acknowledged) for what in ("put", "version", "alias")}
        if objects < done["put"] or len(versions) < done["version"] or len(promoted) < done["alias"]:
            return f"lost: acknowledged {done}, there {objects} objects, {len(versions)} versions, {len(promoted)} promotions"
        if alias != promoted[-1:] or audited != len(promoted):
            return f"the alias is {alias}, promotions are {promoted}, {audited} of them in the audit log"
        return None

    def once_more(self):
        acks = self.folder / "acks-more"
        shutil.rmtree(acks, ignore_errors=True)
        acks.mkdir()
        run = self.registrar(1, acks=acks, first=100)
        return f"it does not go on: {run.stderr.strip()}" if run.returncode else self.fsck() or None


def states_of(disk):
    """All states, or where they are too many those that differ in one place from what was left, and the one that lost all."""
    found = list(itertools.islice(disk.states(), STATES_MAX + 1))
    if len(found) <= STATES_MAX:
        return found, True
    whole, found = found[0], []
    for place in places(disk.root, ""):
        for change in place:
            found.append({**{path: content for path, content in whole.items() if not lost(path, change)},
                          **{path: content for path, content in change.items() if content is not LOST}})
    return [whole] + found, False


LOST = object()


def lost(path, change):
    return any(content is LOST and (path == gone or path.startswith(gone + "/")) for gone, content in change.items())


def places(folder, above):
    """For each file and folder that is not synced: what else may be found of it."""
    there = next(folder.states())
    for names in itertools.islice(folder.states(), 1, 64):
        yield [{**{above + name: LOST for name in there if name not in names},
                **{above + name: what.content for name, what in names.items()
                   if isinstance(what, PagedFile) and there.get(name) is not what}}]
    for name, what in there.items():
        if isinstance(what, PagedFile):
            yield [{above + name: content} for content in what.states()[1:]]
        else:
            yield from places(what, f"{above}{name}/")


def make(state, where):
    shutil.rmtree(where)
    where.mkdir()
    for path, content in sorted(state.items()):
        if content is None:
            (where / path).mkdir(exist_ok=True)
        else:
            (where / path).write_bytes(content)


def record_all(bench):
    record = bench.folder / "record"
    record.mkdir()
    bench.fresh()
    run = bench.registrar(COUNT, {"LD_PRELOAD": str(bench.build / "lib/record_io.so"), "RECORD_IO": str(record)})
    assert run.returncode == 0, run.stderr
    lines = [line.split("\t") for line in (record / "log").read_text().splitlines()]
    return record, lines


def try_power(bench, sample):
    record, lines = record_all(bench)
    disk, tried, crashes, wrong, sampled = Disk(str(bench.workspace.parent), PagedFile, IGNORED), {}, 0, 0, 0
    acknowledged = set()
    for i, line in enumerate(lines):
        if line[0] == "mkdir" and line[1].startswith(str(bench.acks) + "/"):
            acknowledged.add(pathlib.Path(line[1]).name)
        disk.play(record, *line)
        if i % sample:
            continue
        states, complete = states_of(disk)
        sampled += not complete
        for state in states:
            crashes += 1
            key = (tuple(sorted(state.items(), key=lambda entry: entry[0])), tuple(sorted(acknowledged)))
            if hash(key) in tried:
                continue
            tried[hash(key)] = True
            make(state, bench.workspace.parent)
            what = bench.judge(acknowledged)
            if what:
                wrong += 1
                print(f"after call {i + 1}, {' '.join(line)}: {what}", flush=True)
    print(f"power lost after {(len(lines) + sample - 1) // sample} of {len(lines)} calls: {crashes} states ({sampled} times one place "
          f"at a time), {len(tried)} different ones opened, checked and gone on with; {wrong} wrong")
    return wrong


def try_calls(bench, error, sample):
    noted = bench.folder / "note"
    outcomes, wrong = {}, 0
    for number in itertools.count(1, sample):
        bench.fresh()
        noted.unlink(missing_ok=True)
        run = bench.registrar(COUNT, {"LD_PRELOAD": str(bench.build / "lib/fail_io.so"), "FAIL_IO": str(number),
                                      "FAIL_IO_ERROR": error, "FAIL_IO_NOTE": str(noted)})
        if not noted.exists():
            break
        note = noted.read_text().strip()
        acknowledged = bench.acknowledged()
        what = judge_error(run, note, error, acknowledged) or bench.judge(acknowledged)
        outcome = "wrong" if what else "error" if run.returncode else "done"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        if what:
            wrong += 1
            print(f"{error} at call {number}, {note}: {what}", flush=True)
    told = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
    print(f"{error} at {sum(outcomes.values())} calls: {told}", flush=True)
    return wrong


def judge_error(run, note, error, acknowledged):
    if run.returncode == 0:
        return None if len(acknowledged) == 3 * COUNT else "it says that all is done, and it is not"
    if run.returncode != 1:
        return f"exit status {run.returncode}: {run.stderr.strip()}"
    if not any(reason in run.stderr for reason in REASONS[error].split("|")):
        return f"the error does not say why: {run.stderr.strip()}"
    return None


def try_full(bench, step):
    """A tmpfs of each size; then it gets room, and all is judged as ever."""
    sizes, wrong, disk = 0, 0, bench.workspace.parent
    for size in itertools.count(16, 16 * step):
        bench.fresh()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", disk], capture_output=True).returncode:
            print("no right to mount a tmpfs: skipped")
            sys.exit(77)
        try:
            run, acknowledged = bench.registrar(COUNT), bench.acknowledged()
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            what = judge_error(run, "", "ENOSPC", acknowledged) or bench.judge(acknowledged)
        finally:
            subprocess.run(["umount", disk], check=True)
        if what:
            wrong += 1
            print(f"on a disk of {size} KiB: {what}", flush=True)
        if run.returncode == 0:
            break
        sizes += 1
    print(f"full at {sizes} sizes of disk, from 16 KiB to {size - 16 * step} KiB, in steps of {16 * step}; {wrong} wrong")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("fault", choices=("power", "calls", "full"))
    parser.add_argument("--sample", type=int, default=1, metavar="N")
    parser.add_argument("--error", choices=REASONS)
    options = parser.parse_args()
    wrong = 0
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a sync costs nothing
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        bench = Bench(options.build, pathlib.Path(folder))
        if options.fault == "power":
            wrong = try_power(bench, options.sample)
        if options.fault == "full":
            wrong = try_full(bench, options.sample)
        for error in [options.error] if options.error else REASONS:
            if options.fault == "calls":
                wrong += try_calls(bench, error, options.sample)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
