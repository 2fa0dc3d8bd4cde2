"""What a case has at hand: its folder, what is expected, the program, the probe, and claims to tick."""
import dataclasses
import hashlib
import json
import subprocess

import numpy as np

CASES = {}


def case(identity):
    def register(function):
        CASES[identity] = function
        return function
    return register


@dataclasses.dataclass
class Answer:
    status: int
    out: str
    err: str

    @property
    def json(self):
        """Of an answer that is one object. NaN and Infinity are no JSON."""
        def refuse(word):
            raise ValueError(f"{word} is no JSON")
        return json.loads(self.out, parse_constant=refuse)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


@dataclasses.dataclass
class Claim:
    text: str
    holds: bool
    seen: str


class Trial:
    def __init__(self, folder, work, programs):
        self.folder, self.work, self.programs = folder, work, programs
        self.expected = json.loads((folder / "expected.json").read_text())
        self.claims, self.remark = [], ""

    def claim(self, text, holds, seen=""):
        """A line of what is expected; `seen` is shown where it does not hold."""
        self.claims.append(Claim(text, bool(holds), "" if holds else str(seen)[:400]))

    def equal(self, text, got, want):
        self.claim(text, got == want, f"{got}, not {want}")

    def near(self, text, got, want, tolerance):
        gap = np.max(np.abs(np.subtract(got, want, dtype=float))) if np.shape(got) == np.shape(want) else np.inf
        self.claim(text, gap <= tolerance, f"{got}, not {want}")

    def call(self, program, *arguments, feed=None):
        done = subprocess.run([self.programs / program, *map(str, arguments)], input=feed, capture_output=True, text=True)
        return Answer(done.returncode, done.stdout, done.stderr)

    def fovea(self, *arguments):
        return self.call("fovea", *arguments)

    def probe(self, *arguments, feed=None):
        answer = self.call("cases_probe", *arguments, feed=feed)
        if answer.status:
            raise RuntimeError(f"cases_probe {arguments}: {answer.err}")
        return answer.out

    def numbers(self, *arguments, rows=()):
        """What the probe says of rows of numbers, as rows of numbers."""
        feed = "\n".join(" ".join(map(repr, row)) for row in rows)
        return [[float(word) for word in line.split()] for line in self.probe(*arguments, feed=feed).splitlines()]

    def scan(self, data, *options):
        return self.fovea("data", "scan", data, "--near", -1, "--json", *options).json

    def train(self, out, data, *options):
        """A few epochs of a small network, in a second."""
        return self.fovea("train", "--data", data, "--out", self.work / out, "--arch", "small_cnn width=8", "--size", 32,
                          "--epochs", 2, "--batch", 8, "--seed", 3, *options)

    # ---- pictures ----

    def decode(self, path):
        """The pixels, height × width × 3."""
        out = self.work / "pixels"
        height, width = map(int, self.probe("decode", path, out).split())
        return np.fromfile(out, np.uint8).reshape(height, width, 3)

    def prepare(self, path, steps):
        """What a network would see, in levels: 0…255."""
        out = self.work / "pixels"
        height, width = map(int, self.probe("prepare", path, out, steps).split())
        return np.fromfile(out, np.float32).reshape(height, width, 3) * 255

    def picture(self, path, want, means=1.0, corners=8, lossless=False):
        """Size, mean and corner colours, or the very pixels."""
        got = self.decode(path)
        name = path.name
        self.equal(f"{name}: width and height", [got.shape[1], got.shape[0]], want["size_wh"])
        if lossless:
            self.equal(f"{name}: the pixels", sha256(got), want["sha256_rgb"])
            return got
        self.near(f"{name}: mean RGB", got.reshape(-1, 3).mean(0), want["mean_rgb"], means)
        four = [got[0, 0], got[0, -1], got[-1, 0], got[-1, -1]]
        self.near(f"{name}: corner colours", four, want["corners_tl_tr_bl_br"], corners)
        return got


def sha256(pixels):
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]
