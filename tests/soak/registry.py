#!/usr/bin/env python3
"""registry.py BUILD [--minutes 5] [--writers 8] [--readers 8] [--folder DIR]: processes that write runs into one workspace and
processes that read them, killed at random and begun again, for so long. Then: every batch and file whose write was acknowledged
is there; a run has at most one batch more, whose acknowledgement was on its way; the database and the objects are whole; nobody
waited longer than the 10 seconds that are promised. Readers check meanwhile that no batch is there by half.

A row at the end; exit status 1 with the reasons when something is amiss."""
import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time


class Worker:
    """A process, and what it has said."""

    def __init__(self, soak, role, number):
        self.soak, self.role, self.number = soak, role, number
        self.begin()

    def begin(self):
        self.process = subprocess.Popen([self.soak.program, self.role, self.soak.folder, str(self.number), str(self.soak.wait)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.listen, args=(self.process.stdout,))
        self.reader.start()

    def listen(self, lines):
        for line in lines:
            if line.endswith("\n"):
                self.soak.hear(self.role, line.split())

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.begin()

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=600)
        self.reader.join()
        return status


class Soak:
    def __init__(self, program, folder, wait):
        self.program, self.folder, self.wait = program, folder, wait
        self.lock = threading.Lock()
        self.steps, self.files = {}, set()  # of runs: the last step acknowledged; (run, step)
        self.waits = {"ack": [], "file": [], "read": []}
        self.taken_up = 0
        self.errors = []

    def hear(self, role, words):
        with self.lock:
            if words[0] == "error":
                self.errors.append(f"{role}: {' '.join(words)}")
            elif words[0] == "take":
                run, steps = words[1], int(words[2])
                self.taken_up += steps > 0
                if steps <= self.steps.get(run, -1):
                    self.errors.append(f"run {run} was taken up with {steps} steps, {self.steps[run]} was acknowledged")
            elif words[0] == "read":
                self.waits["read"].append(float(words[2]))
            else:
                run, step = words[1], int(words[2])
                self.waits[words[0]].append(float(words[3]))
                if words[0] == "ack":
                    self.steps[run] = max(step, self.steps.get(run, -1))
                else:
                    self.files.add((run, step))

    def check(self):
        """What the database has, read by SQLite alone."""
        db = sqlite3.connect(f"file:{self.folder}/fovea.db?mode=ro", uri=True)
        problems = list(self.errors)
        for pragma in ("integrity_check", "foreign_key_check"):
            rows = db.execute(f"PRAGMA {pragma}").fetchall()
            if rows not in ([], [("ok",)]):
                problems.append(f"{pragma}: {rows[:5]}")
        found = dict(db.execute("""SELECT uuid, count(*) FROM metric JOIN run ON run.id = run_id WHERE key_id =
                                   (SELECT id FROM metric_key WHERE name = 'j') GROUP BY uuid"""))
        for run, step in self.steps.items():
            if not step + 1 <= found.get(run, 0) <= step + 2:
                problems.append(f"run {run}: step {step} was acknowledged, {found.get(run, 0)} are there")
        kept = set(db.execute("SELECT uuid, CAST(substr(path, 7) AS INTEGER) FROM artifact JOIN run ON run.id = run_id"))
        for run, step in self.files - kept:
            problems.append(f"run {run}: the file state/{step} was acknowledged and is gone")
        unequal = db.execute("""SELECT count(*) FROM metric_summary AS s WHERE count <> (SELECT count(*) FROM metric AS m
                                WHERE m.run_id = s.run_id AND m.key_id = s.key_id)""").fetchone()[0]
        if unequal:
            problems.append(f"{unequal} summaries do not agree with their points")
        return problems


def figures(values):
    values = sorted(values) or [0]
    return {"count": len(values), "median_ms": round(values[len(values) // 2], 2),
            "p99_ms": round(values[len(values) * 99 // 100], 1), "most_ms": round(values[-1], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--folder", help="on the disk that is tried; the system's folder for temporary files otherwise")
    parser.add_argument("--wait-seconds", type=float, default=10, help="that a process waits for others at most")
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    chance = random.Random(a.seed)
    folder = tempfile.mkdtemp(dir=a.folder)
    soak = Soak(os.path.join(a.build, "bin/registry_load"), folder, a.wait_seconds)
    workers = [Worker(soak, "write", i) for i in range(a.writers)]
    while not soak.waits["ack"] and not soak.errors:  # until the workspace and a run are there
        time.sleep(0.1)
    workers += [Worker(soak, "read", i) for i in range(a.readers)]
    end, kills = time.monotonic() + 60 * a.minutes, {"write": 0, "read": 0}
    while time.monotonic() < end and not soak.errors:
        time.sleep(chance.uniform(0.05, 1))
        worker = chance.choice(workers)
        kills[worker.role] += 1
        worker.kill()
    statuses = [worker.end() for worker in workers]
    problems = soak.check()
    if any(statuses):
        problems.append(f"exit statuses {statuses}")
    fsck = subprocess.run([soak.program, "check", folder], capture_output=True, text=True)
    if fsck.returncode or fsck.stdout:
        problems.append(f"fsck: {fsck.stdout}{fsck.stderr}")
    answer = {"minutes": a.minutes, "writers": a.writers, "readers": a.readers, "kills": kills, "runs": len(soak.steps),
              "taken_up": soak.taken_up, "batches": figures(soak.waits["ack"]), "files": figures(soak.waits["file"]),
              "reads": figures(soak.waits["read"])}
    for what in ("batches", "files", "reads"):
        if answer[what]["most_ms"] > 1000 * a.wait_seconds:
            problems.append(f"{what}: a wait of {answer[what]['most_ms']} ms")
    print(json.dumps(answer))
    if not problems:
        shutil.rmtree(folder)
        return
    print(*problems[:20], f"the workspace is left in {folder}", sep="\n", file=sys.stderr)
    sys.exit(1)


main()
