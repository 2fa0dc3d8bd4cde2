#!/usr/bin/env python3
"""What tests/data/look.c holds data/look.c against: numpy, scipy and Pillow on tests/data/files/in_61x37.png, whole and doubled in
size; prints the numbers. Run: python3 tests/golden/looks.py"""
import os

import numpy
import scipy.fft
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
picture = Image.open(os.path.join(here, "..", "data", "files", "in_61x37.png")).convert("RGB")
for name, image in (("as it is", picture), ("at 610x370", picture.resize((610, 370), Image.Resampling.BILINEAR))):
    grey = image.convert("L")
    longer = max(grey.size)
    if longer > 256:
        grey = grey.resize(tuple(side * 256 // longer for side in grey.size), Image.Resampling.BILINEAR)
    levels = numpy.asarray(grey).astype(int)
    percents = [numpy.percentile(levels, p, method="inverted_cdf") for p in (0, 1, 5, 99, 100)]
    laplacian = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:] - 4 * levels[1:-1, 1:-1]
    square = numpy.asarray(grey.resize((32, 32), Image.Resampling.BILINEAR)).astype(float)
    low = scipy.fft.dct(scipy.fft.dct(square, axis=0), axis=1)[:8, :8].ravel()
    bits = int("".join("1" if value > numpy.median(low) else "0" for value in low), 2)
    thumb = numpy.asarray(grey.resize((8, 8), Image.Resampling.BILINEAR)).astype(int)
    print(name, grey.size, [int(p) for p in percents], f"sharpness {laplacian.var():.4f} hash {bits:016x} thumb {thumb.sum()}")
