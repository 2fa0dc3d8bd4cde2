#!/usr/bin/env python3
"""Draws the shapes: `python3 make.py DIR` writes DIR/{train,test}/CLASS/NNN.png, the same bytes everywhere.

Grey pictures of 28×28 pixels with 16 levels: a circle, cross, ring, square or triangle of any size, place, angle and contrast, light
on dark or dark on light, under noise. Made for trying things out in seconds, small enough to ship. Needs nothing but Python.
"""
import math
import os
import struct
import sys
import zlib

SIZE = 28
COUNT = {"train": 100, "test": 30}


class Random:
    """xorshift64*, so that the pictures do not depend on Python's version."""

    def __init__(self, seed):
        self.state = seed * 0x9E3779B97F4A7C15 % (1 << 64) or 1

    def between(self, low, high):
        s = self.state
        s ^= s >> 12
        s = (s ^ s << 25) % (1 << 64)
        self.state = s ^ s >> 27
        return low + (high - low) * ((self.state * 0x2545F4914F6CDD1D % (1 << 64) >> 11) / (1 << 53))


# Distance to the outline of a shape about as large as the unit circle; negative inside.
def circle(x, y):
    return math.hypot(x, y) - 1


def ring(x, y):
    return abs(math.hypot(x, y) - 0.75) - 0.25


def square(x, y):
    return max(abs(x), abs(y)) - 0.85


def cross(x, y):
    x, y = abs(x), abs(y)
    return min(max(x - 1, y - 0.28), max(y - 1, x - 0.28))


def triangle(x, y):
    return max(y, abs(x) * math.sin(math.pi / 3) - y * 0.5) - 0.55


SHAPES = {"circle": circle, "cross": cross, "ring": ring, "square": square, "triangle": triangle}


def draw(shape, random):
    """Rows of levels 0…15."""
    radius = random.between(5.5, 10)
    cx, cy = (random.between(radius * 0.9, SIZE - 1 - radius * 0.9) for _ in range(2))
    angle = random.between(0, 2 * math.pi)
    ground, contrast, noise = random.between(0.2, 0.8), random.between(0.25, 0.5), random.between(0.02, 0.1)
    ink = ground + contrast if ground < 0.5 else ground - contrast
    cos, sin = math.cos(angle) / radius, math.sin(angle) / radius
    rows = []
    for y in range(SIZE):
        row = []
        for x in range(SIZE):
            dx, dy = x - cx, y - cy
            edge = shape(cos * dx - sin * dy, sin * dx + cos * dy) * radius
            inside = min(max(0.5 - edge, 0), 1)
            value = ground + (ink - ground) * inside + random.between(-noise, noise)
            row.append(min(max(round(value * 15), 0), 15))
        rows.append(row)
    return rows


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", SIZE, SIZE, 4, 0, 0, 0, 0)
    lines = b"".join(b"\0" + bytes(row[i] << 4 | row[i + 1] for i in range(0, SIZE, 2)) for row in rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def main():
    seed = 0
    for part, count in COUNT.items():
        for name, shape in SHAPES.items():
            folder = os.path.join(sys.argv[1], part, name)
            os.makedirs(folder, exist_ok=True)
            for number in range(count):
                seed += 1
                with open(os.path.join(folder, f"{number:03}.png"), "wb") as file:
                    file.write(png(draw(shape, Random(seed))))


main()
