"""allocation.py: each allocation of a short train, eval, predict, report, split and fetch fails in turn; what happens is judged.

usage: allocation.py BUILD [--depth N] [--sample N] [--only COMMAND] [--how alone|on] [--threads] [--keep FILE]

BUILD is a build folder, with bin/fovea and lib/fail_allocation.so (tests/soak/fail_allocation.c). A place is a stack of callers. Of
each place the first allocation fails: alone, and then with all that come after it; --how is one of the two. --sample tries so many places, spread over all;
--depth is how many callers tell places apart; --threads runs with a team and workers, where a number is not always the same place.

Right is: exit status 0 with the undisturbed result, or 1 with an error that speaks of memory; no signal, no wait without end, no
temporary file left; and the training that is left goes on to the same bits. Prints a line for each place where that is not so, with
its callers, and the counts; exit status 1 where there was any that is not a library's own (KNOWN)."""

import argparse
import bisect
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

from scene import COMMANDS, Run, Scene

# Libraries that end the process where they find no memory, by the innermost of the callers that is one of these.
KNOWN = ["libhdf5", "libjansson", "libtiff", "libwebp", "libgfortran", "libgomp", "libopenblas", "libp11-kit", "libtasn1", "libgnutls", "ld-linux",
         "libquadmath", "libstdc++"]
# And those that may be part of the program, by the names of their functions.
LINKED_IN = [(r"_?H5[A-Z]{1,3}_|H5[A-Z]{1,2}[a-z]", "libhdf5"), (r"(c|exec_|goto|open)?blas_|gotoblas", "libopenblas")]


def judge(scene, command, run, where, plain):
    """What is wrong, or None."""
    left = [path.name for path in where.rglob("*.tmp*")]
    if left and run.status in (0, 1):
        return f"temporary files left: {left}"
    if run.status not in (0, 1):
        return f"exit status {run.status}"
    if run.status == 0:
        return None if scene.same(command, run, where, plain) else "done, with another result"
    if command == "train" and scene.resume(where):
        return scene.resume(where)
    answers = where / "answers.csv"  # a picture that could not be read for it has its own line there
    if not run.error and answers.exists() and "memory" in answers.read_text():
        return None
    if not run.error:
        return "no error line: " + run.err.strip().rpartition("\n")[2]
    if command == "fetch" and "given up after 1 attempt" in run.error:  # libcurl calls it the network's fault
        return scene.again(command, where, plain)
    memory = "memory" in run.error or "Resource temporarily unavailable" in run.error  # the latter of a thread
    return None if memory else f"the error does not speak of memory: {run.error}"


def symbols(program):
    """Addresses and names of a program's functions, by address: what it has linked in has names of its own."""
    lines = subprocess.run(["nm", "-n", "--defined-only", program], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [line.split() for line in lines]
    return [int(row[0], 16) for row in found if len(row) == 3], [row[2] for row in found if len(row) == 3]


def linked_in(scene, module, place):
    """The library that a place in the program itself belongs to, where it was linked into it, or the module."""
    at = re.fullmatch(r"\+0x([0-9a-f]+)", place)
    if module != "fovea" or not at:
        return module
    addresses, names = scene.symbols = getattr(scene, "symbols", None) or symbols(scene.fovea)
    index = bisect.bisect_right(addresses, int(at[1], 16)) - 1
    name = names[index] if index >= 0 else ""
    return next((library for pattern, library in LINKED_IN if re.match(pattern, name)), module)


def callers(scene, note):
    """The callers of a failed allocation, innermost first, as module:place."""
    found = []
    for line in note.read_text().splitlines()[3:]:
        module, _, rest = line.partition("(")
        module, place = module.split("/")[-1], rest.split(")")[0]
        found.append(f"{linked_in(scene, module, place)}:{place}")
    return found


def blamed(found):
    """The library whose call it was; one function of ours may stand before it, where it allocates by that."""
    if found and found[0].startswith("fovea"):
        found = found[1:]
    for caller in found:
        if caller.startswith("fovea"):
            return None
        for library in KNOWN:
            if caller.startswith(library):
                return library
    return None


def shim(scene, command, **words):
    """What it is told. A training tries steps for half a second before it begins: so many by every clock."""
    clock = {"FAIL_ALLOCATION_CLOCK": "1"} if command == "train" else {}
    return {"LD_PRELOAD": str(scene.shims / "fail_allocation.so"), **clock, **words}


def try_place(scene, command, number, on, plain):
    where = scene.fresh(command)
    note = scene.folder / "note"
    note.unlink(missing_ok=True)
    fault = shim(scene, command, FAIL_ALLOCATION=number, FAIL_ALLOCATION_NOTE=str(note))
    if on:
        fault["FAIL_ALLOCATION_ON"] = "1"
    run = Run(scene, COMMANDS[command], where, fault)
    if not note.exists():
        return "not reached", run, []
    return judge(scene, command, run, where, plain) or ("done" if run.status == 0 else "error"), run, callers(scene, note)


def places(scene, command, options):
    listing = scene.folder / "places"
    fault = shim(scene, command, FAIL_ALLOCATION_PLACES=str(listing), FAIL_ALLOCATION_DEPTH=str(options.depth))
    run = Run(scene, COMMANDS[command], scene.fresh(command), fault)
    assert run.status == 0, run.err
    found = listing.read_text().split()
    if options.sample and options.sample < len(found):
        return len(found), [found[(2 * i + 1) * len(found) // (2 * options.sample)] for i in range(options.sample)]
    return len(found), found


def try_all(scene, command, on, options):
    plain = scene.undisturbed(command)
    count, numbers = places(scene, command, options)
    outcomes, wrong = collections.Counter(), 0
    for number in numbers:
        outcome, run, found = try_place(scene, command, number, on, plain)
        library = blamed(found) if outcome.startswith(("exit status", "no error line")) else None
        if not library and "thread-local data: ABORT" in run.err:  # ld.so's, for a library that was loaded late
            library = "ld-linux"
        if outcome in ("error", "done", "not reached"):
            outcomes[outcome] += 1
            continue
        outcomes[f"broken in {library}" if library else "wrong"] += 1
        wrong += not library
        if not library:
            print(f"{command}, allocation {number}{' and on' if on else ''}: {outcome}\n    {' < '.join(found[:8])}", flush=True)
        if options.keep:
            print(f"== {command} {number} {on}: {outcome}", *found, run.err, sep="\n", file=options.keep, flush=True)
    told = ", ".join(f"{n} {name}" for name, n in sorted(outcomes.items()))
    print(f"{command}: {len(numbers)} of {count} places{' and all after' if on else ''}: {told}", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--depth", type=int, default=48)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--only", choices=COMMANDS)
    parser.add_argument("--how", choices=("alone", "on"), action="append")
    parser.add_argument("--threads", action="store_true")
    parser.add_argument("--keep", type=argparse.FileType("w"), help="all that went wrong, with callers and messages")
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(options.build, pathlib.Path(folder), *(("2", "2") if options.threads else ()))
        for command in [options.only] if options.only else COMMANDS:
            for how in options.how or ("alone", "on"):
                wrong += try_all(scene, command, how == "on", options)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
