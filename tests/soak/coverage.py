"""coverage.py: lines and branches that the counts of a build with --coverage show as taken, a row a file and a group.

usage: coverage.py BUILD [--left] [--group NAME]

BUILD is a build folder (cmake --preset coverage) whose programs have run since its counts were reset; tests/soak/coverage.sh does
all that. A branch is one of gcov's: each way out of a condition, `&&` and `||` split, each case of a switch. Left out are the
branches of lines that begin with FV_ASSERT: where one fails it is our bug, and the process ends. --left lists each branch that was
not taken, by file, line and what stands there. Exit status 1 when a group has less than 95 % of its branches."""

import argparse
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
WANTED = 95.0
GROUPS = {"model file": ["core/formats/*.c", "core/formats/reader/*.c"],
          "checkpoint": ["train/checkpoint.c"],
          "decoders": ["data/decode.c", "data/decode/*.c"],
          "lists": ["data/sources/*.c"]}


def counted(build, file):
    """The lines of a source file as gcov has them: {number: [branch counts, count]}."""
    [notes] = build.glob(f"CMakeFiles/*.dir/{file}.gcno")
    counts = notes.with_suffix(".gcda")
    made = subprocess.run(["gcov", "--json-format", "--branch-counts", "--branch-probabilities", "--stdout", counts if counts.exists() else notes],
                          capture_output=True, check=True, cwd=build)
    for about in json.loads(made.stdout)["files"]:
        if (SOURCE / about["file"]).resolve() == SOURCE / file:
            return about["lines"]
    return []


class Tally:
    def __init__(self):
        self.lines, self.lines_run, self.branches, self.taken, self.left = 0, 0, 0, 0, []

    def add(self, other):
        self.lines, self.lines_run = self.lines + other.lines, self.lines_run + other.lines_run
        self.branches, self.taken = self.branches + other.branches, self.taken + other.taken
        self.left += other.left

    def share(self):
        return 100.0 * self.taken / self.branches if self.branches else 100.0

    def row(self, name):
        return f"{name:42} {self.lines_run:5}/{self.lines:5} lines  {self.taken:5}/{self.branches:5} branches  {self.share():6.2f} %"


def measure(build, file):
    text = (SOURCE / file).read_text().splitlines()
    tally = Tally()
    for line in counted(build, file):
        stands = text[line["line_number"] - 1].strip()
        tally.lines += 1
        tally.lines_run += line["count"] > 0
        if stands.startswith("FV_ASSERT("):
            continue
        branches = [branch["count"] for branch in line["branches"]]
        tally.branches += len(branches)
        tally.taken += sum(count > 0 for count in branches)
        if 0 in branches:
            ways = ", ".join(str(i + 1) for i, count in enumerate(branches) if count == 0)
            tally.left.append(f"{file}:{line['line_number']}: way {ways} of {len(branches)}: {stands}")
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--left", action="store_true", help="list the branches that were not taken")
    parser.add_argument("--group", choices=GROUPS)
    options = parser.parse_args()
    build, low = options.build.resolve(), False
    for group in [options.group] if options.group else GROUPS:
        total = Tally()
        for file in sorted(path.relative_to(SOURCE) for pattern in GROUPS[group] for path in SOURCE.glob(pattern)):
            tally = measure(build, str(file))
            print(tally.row(str(file)))
            total.add(tally)
        print(total.row(group + ":") + "\n")
        if options.left:
            print("\n".join(total.left) + "\n")
        low = low or total.share() < WANTED
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
