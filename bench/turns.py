"""What train, infer and kernels share: systems that take turns in one run, and what is made of their times.

Machines drift: a virtual core may share a physical one for a minute and then not. So systems take turns, a few steps each, and a
ratio is the median over the rounds of the ratio within a round; in each round multiply-adds in registers (peak.c) say what the
machine could do at that moment. Each system is a process of its own that waits on a pipe while it
is not its turn: it reads a number of steps from standard input and answers with their seconds, as JSON."""
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KEEP = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=4294967296"


def cpu():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.processor()


def fovea_program():
    return os.environ.get("FOVEA") or os.path.join(HERE, "../build/release/bin/fovea")


def bench_program(name):
    """bench/NAME.c, beside fovea; no build of everything makes it."""
    folder = os.path.dirname(os.path.abspath(fovea_program()))
    path = os.path.join(folder, f"bench_{name}")
    if not os.path.exists(path):
        subprocess.run(["cmake", "--build", os.path.dirname(folder), "--target", f"bench_{name}"], check=True, stdout=sys.stderr)
    return path


class System:
    """A process that takes turns. The first line it says is about itself."""

    def __init__(self, name, command, environment=None):
        self.name, self.command = name, command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=dict(os.environ, **(environment or {})))
        self.about = json.loads(self.process.stdout.readline() or sys.exit(f"{' '.join(command)} failed"))
        self.seconds = []

    def answer(self, count):
        print(count, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{' '.join(self.command)} failed")
        return json.loads(answer)

    def steps(self, count):
        return self.answer(count)["seconds"]

    def peak_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(round(int(line.split()[1]) / 1024) for line in status if line.startswith("VmHWM"))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def fovea(what, mode, batch, threads, precision="f32", memory="normal"):
    command = [fovea_program(), "bench", what, "--mode", mode, "--batch", str(batch), "--threads", str(threads), "--turns",
               "--json"]
    command += ["--precision", precision]
    if mode == "training":
        command += ["--optimizer", "sgd momentum=0.9 weight_decay=1e-4", "--memory", memory]
    return System("fovea", command)


def peer(variant, *arguments):
    environment = {"GLIBC_TUNABLES": KEEP} if variant in ("malloc", "compile") else {}
    return System(variant, [sys.executable, os.path.join(HERE, "peers.py"), variant, *map(str, arguments)], environment)


class Peak:
    """peak.c, compiled here: its GFLOP/s by round. Without a C compiler, or on a CPU that it does not know, there are none."""

    def __init__(self, threads):
        self.gflops, self.system = [], None
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "peak")
            try:
                subprocess.run(["cc", "-O2", "-pthread", "-o", program, os.path.join(HERE, "peak.c")], check=True)
                self.system = System("peak", [program, str(threads)])
            except (OSError, subprocess.CalledProcessError, SystemExit) as error:
                print(f"the peak of multiply-adds is not measured: {error}", file=sys.stderr)

    def probe(self):
        if self.system:
            time.sleep(0.05)  # as in take_turns
            self.gflops.append(self.system.answer(1)["gflops"])

    def median(self):
        return statistics.median(self.gflops) if self.gflops else None


def take_turns(systems, rounds, steps, threads):
    """Fills system.seconds: a step's, by round. The machine's peak meanwhile."""
    peak = Peak(threads)
    for system in systems:
        system.steps(2)
    for n in range(rounds):
        peak.probe()
        for system in systems:
            time.sleep(0.05)  # the other's threads have stopped spinning
            system.seconds.append(system.steps(steps) / steps)
        print(f"round {n + 1}/{rounds}: " + ", ".join(f"{s.name} {1e3 * s.seconds[-1]:.1f} ms" for s in systems) +
              (f", peak {peak.gflops[-1]:.0f} GFLOP/s" if peak.gflops else ""), file=sys.stderr, flush=True)
    if peak.system:
        peak.system.close()
    return peak.median()


def fraction(ours, peak):
    """Of the machine's peak. A convolution's multiply-adds are counted as written: an algorithm that needs fewer, as Winograd's,
    may come to more than 1."""
    gflops = 1e-9 * ours.about["flops"] / statistics.median(ours.seconds)
    return dict(gflops=round(gflops, 1), peak_gflops=round(peak, 1), fraction_of_peak=round(gflops / peak, 3)) if peak else {}


def report(systems, batch, about, peak):
    """The JSON object that a bench ends with. The peer is the fastest one, by the median."""
    ours, peers = systems[0], systems[1:]
    row = dict(about, cpu=cpu(), isa=ours.about.get("isa"), rounds=len(ours.seconds),
               images_per_s=round(batch / statistics.median(ours.seconds), 2),
               milliseconds=round(1e3 * statistics.median(ours.seconds), 3), peak_mib=ours.peak_mib())
    row |= fraction(ours, peak)
    for system in peers:
        row[f"{system.name}_images_per_s"] = round(batch / statistics.median(system.seconds), 2)
    if peers:
        best = min(peers, key=lambda s: statistics.median(s.seconds))
        ratios = sorted(b / a for a, b in zip(ours.seconds, best.seconds))
        row |= dict(peer=f"{best.name} ({best.about['version']})",
                    peer_images_per_s=round(batch / statistics.median(best.seconds), 2), peer_peak_mib=best.peak_mib(),
                    ratio=round(statistics.median(ratios), 3), ratio_least=round(ratios[0], 3),
                    ratio_most=round(ratios[-1], 3))
    for system in systems:
        system.close()
    print(json.dumps(row), flush=True)


def options(parser, rounds, batch):
    parser.add_argument("--arch", default="resnet18", help="a name that fovea's zoo and torchvision share")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--size", type=int, default=0, help="side of the pictures (224)")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--steps", type=int, default=1, help="steps a turn")
    parser.add_argument("--ours-only", action="store_true", help="no peer: needs no virtual environment")
    parser.add_argument("--json", action="store_true", help="accepted for uniformity: the last line is JSON in any case")


def network(a):
    return f"{a.arch} classes={a.classes}" + (f" size={a.size},{a.size}" if a.size else "")


def variants(parser, a, known):
    chosen = [] if a.ours_only else a.variant.split(",")
    if not set(chosen) <= set(known):
        parser.error(f"--variant {a.variant}: there are {', '.join(known)}")
    return chosen
