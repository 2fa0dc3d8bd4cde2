#!/usr/bin/env python3
"""serve_saturation.py BUILD [--minutes 30] [--clients 24]: a server of a workspace asked by more than it can answer, while an alias
moves to and fro between two versions every second or so, and other clients send what is no request, drip headers and bodies, go
away in the middle of either, and send more than is taken. Then: every well-formed request was answered, with the scores that
`fovea predict` gives for the version that the answer names, or was turned away with 429 or 503 and Retry-After; resident memory
between swaps was flat, ±2 % from the end of the first fifth to the end; no descriptor is left open.

A row at the end; exit status 1 with the reasons when something is amiss."""
import argparse
import base64
import glob
import gzip
import http.client
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = os.path.join(HERE, "../../examples/shapes")
PATH = "/v1/models/m/predict"
MAX_BODY = 1 << 20


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}")
    return done.stdout


class Soak:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.lock, self.ending = threading.Lock(), threading.Event()
        self.wrong, self.counts = [], {}
        self.environment = dict(os.environ, FOVEA_HOME=f"{folder}/ws")
        self.expected = self.make_versions()
        self.start()

    def fovea(self, *arguments):
        return run([self.program, *arguments], env=self.environment, cwd=self.folder)

    def make_versions(self):
        """Two versions, and what each says of the pictures."""
        self.pictures = [open(p, "rb").read() for p in sorted(glob.glob(f"{SHAPES}/test/c*/00[0-3].png"))]
        paths = sorted(glob.glob(f"{SHAPES}/test/c*/00[0-3].png"))
        expected = {}
        for version in (1, 2):
            self.fovea("train", "--data", f"{SHAPES}/test", "--arch", "lenet", "--channels", "1", "--epochs", "1", "--seed",
                       str(version), "--out", f"run{version}")
            self.fovea("models", "register", "m", f"run{version}")
            said = self.fovea("predict", f"run{version}/best.fovea", *paths, "--json").splitlines()
            expected[version] = [(row["label"], row["score"]) for row in map(json.loads, said)]
        self.fovea("models", "alias", "m", "champion", "1")
        return expected

    def start(self):
        self.said = open(f"{self.folder}/said", "w+")
        self.server = subprocess.Popen([self.program, "serve", "--port", "0", "--log", "none", "--queue", "16", "--timeout", "20",
                                        "--idle", "20", "--max-body", str(MAX_BODY), "--connections", "256"],
                                       stdout=subprocess.PIPE, stderr=self.said, text=True, env=self.environment)
        line = self.server.stdout.readline() or sys.exit("it did not start")
        self.port = int(line.rsplit(":", 1)[1])
        while self.once("GET", "/readyz")[0] != 200:
            time.sleep(0.1)

    def warm_up(self):
        """The first swap, after which the registry has all its connections."""
        self.fovea("models", "alias", "m", "champion", "2")
        while b'"version":2,' not in self.once("POST", PATH, self.pictures[0])[1]:
            time.sleep(0.1)
        self.fovea("models", "alias", "m", "champion", "1")
        time.sleep(2)
        self.idle_descriptors = self.descriptors()

    def once(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def count(self, what, number=1):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + number

    def amiss(self, what):
        with self.lock:
            if len(self.wrong) < 20:
                self.wrong.append(what)

    def resident(self):
        with open(f"/proc/{self.server.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        """All but the registry's connections, of which a second and third are made when two threads first ask at once."""
        return sum("/fovea.db" not in name for name in self.open_files())

    def open_files(self):
        folder = f"/proc/{self.server.pid}/fd"
        for number in os.listdir(folder):
            try:
                yield os.readlink(f"{folder}/{number}")
            except FileNotFoundError:  # closed meanwhile
                pass


# ---- those who ask as they should ----

def check_answer(soak, row, number):
    want = soak.expected.get(row.get("version"), [None] * 99)[number]
    if (row.get("label"), row.get("score")) != want:
        soak.amiss(f"another answer: {row}, wanted {want}")


def well_formed(soak):
    """Raw, JSON of two, lines, packed, feedback of the last: by turns, on a connection that is kept."""
    connection, last, r = None, None, random.Random()
    while not soak.ending.is_set():
        number, kind = r.randrange(len(soak.pictures)), r.choice(("raw", "raw", "raw", "json", "lines", "gzip", "feedback"))
        path, body, headers = PATH, soak.pictures[number], {}
        coded = base64.b64encode(body).decode()
        if kind == "json":
            body, headers = json.dumps({"images": [coded, coded]}).encode(), {"Content-Type": "application/json"}
        elif kind == "lines":
            body, headers = (json.dumps({"image": coded}).encode() + b"\n") * 4, {"Content-Type": "application/x-ndjson"}
        elif kind == "gzip":
            body, headers = gzip.compress(body), {"Content-Encoding": "gzip"}
        elif kind == "feedback":
            path, headers = "/v1/feedback", {"Content-Type": "application/json"}
            body = json.dumps({"id": last or "none", "label": "circle"}).encode()
        try:
            if not connection:
                connection = http.client.HTTPConnection("127.0.0.1", soak.port, timeout=60)
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as e:
            connection = None
            soak.amiss(f"a well-formed request broke: {kind} {e!r}")
            continue
        if answer.status in (429, 503) and answer.headers["Retry-After"]:
            soak.count("turned away")
            time.sleep(0.01)
            continue
        if answer.status != 200:
            soak.amiss(f"a well-formed request, {kind}: {answer.status} {text[:300]}")
            continue
        soak.count("answered")
        rows = [] if kind == "feedback" else [json.loads(line) for line in text.splitlines()]
        rows = rows[0]["predictions"] if kind == "json" else rows
        for row in rows:
            if row.get("error", {}).get("code") in ("busy", "cancelled"):
                soak.count("turned away")
            else:
                check_answer(soak, row, number)
                last = row["id"]


# ---- those who do not ----

def sent(soak, *parts, wait=0.0, read=True, reset=False):
    """Sends the parts, `wait` seconds apart, reads what comes, and goes."""
    try:
        with socket.create_connection(("127.0.0.1", soak.port), 30) as s:
            for part in parts:
                s.sendall(part)
                time.sleep(wait)
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return s.recv(65536) if read else b""
    except OSError:
        return b""


def head(length, more=b""):
    return b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % length + more + b"\r\n"


def malformed(soak, r):
    body = bytes(r.randrange(256) for _ in range(r.randrange(1, 400)))
    kind = r.choice((b"application/json", b"application/x-ndjson", b"multipart/form-data; boundary=x", b"image/png"))
    answer = sent(soak, r.choice((body + b"\r\n\r\n", head(len(body), b"Content-Type: " + kind + b"\r\n") + body)))
    if answer.startswith(b"HTTP/1.1 500"):
        soak.amiss(f"500 for {body!r}: {answer[:400]}")


def slow_loris(soak, r):
    parts = [b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: localhost\r\n"] if r.random() < 0.5 else [head(100000)]
    sent(soak, *parts, *[b"X-%d: y\r\n" % i for i in range(60)], wait=0.5)


def aborted(soak, r):
    picture = r.choice(soak.pictures)
    half = r.randrange(len(picture))
    sent(soak, head(len(picture)) + picture[:half], read=False, reset=r.random() < 0.5)
    sent(soak, head(len(picture)) + picture, read=False, reset=r.random() < 0.5)


def oversize(soak, r):
    answer = sent(soak, head(MAX_BODY + 1) + b"x" * 1000)
    if answer and not answer.startswith(b"HTTP/1.1 413"):
        soak.amiss(f"a body too long was answered {answer[:200]}")
    sent(soak, b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
         *[b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 20)


def ill(soak, what):
    r = random.Random()
    while not soak.ending.is_set():
        what(soak, r)
        soak.count(what.__name__)
        time.sleep(0.02)


def swap(soak):
    version = 1
    while not soak.ending.is_set():
        version = 3 - version
        soak.fovea("models", "alias", "m", "champion", str(version))
        soak.count("swaps")
        soak.ending.wait(1)


# ---- the soak ----

def settle(soak):
    """Until the connections of clients that are gone are closed."""
    for _ in range(200):
        if soak.descriptors() <= soak.idle_descriptors:
            break
        time.sleep(0.1)
    return soak.descriptors()


def at_rest(sizes, end):
    """Of the first or the last fifth of the samples what a tenth lies below: between two swaps, while no version is loaded."""
    fifth = max(1, len(sizes) // 5)
    return sorted(sizes[:fifth] if end == 0 else sizes[-fifth:])[fifth // 10]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("build")
    p.add_argument("--minutes", type=float, default=30)
    p.add_argument("--clients", type=int, default=24)
    p.add_argument("--any-memory", action="store_true", help="a sanitizer's own memory grows: it is told, not judged")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(os.path.abspath(f"{a.build}/bin/fovea"), folder)
        soak.warm_up()
        threads = [threading.Thread(target=well_formed, args=(soak,)) for _ in range(a.clients)]
        threads += [threading.Thread(target=ill, args=(soak, what)) for what in (malformed, slow_loris, slow_loris, aborted, oversize)]
        threads += [threading.Thread(target=swap, args=(soak,))]
        for thread in threads:
            thread.start()
        end, sizes = time.monotonic() + 60 * a.minutes, []
        warm = time.monotonic() + 12 * a.minutes
        while time.monotonic() < end and soak.server.poll() is None:
            time.sleep(min(1, 0.6 * a.minutes))
            if time.monotonic() > warm:
                sizes.append(soak.resident())
        soak.ending.set()
        for thread in threads:
            thread.join()
        if soak.server.poll() is not None:
            soak.said.seek(0)
            sys.exit(f"the server ended with {soak.server.returncode}:\n{soak.said.read()[-4000:]}")
        first, last = at_rest(sizes, 0), at_rest(sizes, -1)
        left = settle(soak)
        if left > soak.idle_descriptors:
            soak.amiss(f"{left} descriptors are open, and {soak.idle_descriptors} were before anybody asked: "
                       f"{sorted(soak.open_files())}")
        if abs(last / first - 1) > 0.02 and not a.any_memory:
            soak.amiss(f"memory went from {first} to {last} bytes")
        soak.server.send_signal(signal.SIGTERM)
        if soak.server.wait(60):
            soak.amiss(f"it ended with {soak.server.returncode}")
        soak.said.seek(0)
        said = soak.said.read()
        if "Sanitizer" in said:
            soak.amiss(said[:8000])
        print(f"{a.minutes:g} minutes, {soak.counts}, {first / 2**20:.1f} to {last / 2**20:.1f} MiB, {left} descriptors "
              f"({soak.idle_descriptors} before)")
        for what in soak.wrong:
            print("wrong:", what)
        sys.exit(bool(soak.wrong))


if __name__ == "__main__":
    main()
