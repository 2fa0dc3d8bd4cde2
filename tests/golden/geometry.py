#!/usr/bin/env python3
"""Makes tests/data/files/moved_*.png and tests/golden/geometry.txt: what torchvision and Pillow make of geometric steps.

    python3 tests/golden/geometry.py        (torchvision 0.29, Pillow 13, numpy)

geometry.txt has a line a picture:  FILE INPUT STEP…
The inputs are those of tests/golden/pictures.py. torchvision runs on u8 tensors. Random steps have ranges of one value. CORNERS stands in tests/data/warp.c too.
"""
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

FILES = Path(__file__).resolve().parent.parent / "data" / "files"
TALL, WIDE = "in_33x47.png", "in_61x37.png"
CORNERS = [[7, 3], [57, 9], [49, 33], [2, 28]]  # of WIDE: top left, top right, bottom right, bottom left
BILINEAR, NEAREST, BICUBIC = InterpolationMode.BILINEAR, InterpolationMode.NEAREST, InterpolationMode.BICUBIC


def picture(name):
    return Image.open(FILES / name).convert("RGB")


def tensor(name):
    return torch.from_numpy(np.asarray(picture(name)).copy()).permute(2, 0, 1).contiguous()


def letterbox(name, height, width, fill):
    image = picture(name)
    factor = min(height / image.height, width / image.width)
    inner = image.resize((round(image.width * factor), round(image.height * factor)), Image.BILINEAR)
    out = Image.new("RGB", (width, height), (fill,) * 3)
    out.paste(inner, ((width - inner.width) // 2, (height - inner.height) // 2))
    return out


def moved(function, name, *arguments, fill, **options):
    """The picture with an alpha channel: 0 where its edge mixes with the fill, which torchvision weighs twice there."""
    image = function(tensor(name), *arguments, **options, fill=fill)
    share = function(torch.ones(1, *tensor(name).shape[1:]), *arguments, **options, fill=None)
    sure = (share < 1e-4) | (share > 1 - 1e-4)
    return torch.cat((image, sure.to(torch.uint8) * 255))


def cases():
    """(name, input, step, result)"""
    yield ("rotate", TALL, "rotate degrees=30 fill=10,200,90",
           moved(F.rotate, TALL, 30, BILINEAR, fill=[10.0, 200.0, 90.0]))
    yield ("rotate_nearest", WIDE, "rotate degrees=-33 filter=nearest",
           moved(F.rotate, WIDE, -33, NEAREST, fill=0))
    yield ("rotate_expand", TALL, "rotate degrees=-77.5 expand=true",
           moved(F.rotate, TALL, -77.5, BILINEAR, expand=True, fill=0))
    yield ("affine", WIDE, "affine degrees=17 shift_x=0.1 shift_y=-0.15 zoom=1.2 shear_x=9 shear_y=-4 fill=255",
           moved(F.affine, WIDE, 17, [round(6.1), round(-5.55)], 1.2, [9.0, -4.0], BILINEAR, fill=255))
    yield ("affine_nearest", TALL, "affine degrees=-100 zoom=0.7 shear_x=-20 filter=nearest",
           moved(F.affine, TALL, -100, [0, 0], 0.7, [-20.0, 0.0], NEAREST, fill=0))
    start = [[0, 0], [60, 0], [60, 36], [0, 36]]
    yield "perspective", WIDE, "perspective", moved(F.perspective, WIDE, start, CORNERS, BILINEAR, fill=50)
    for name, kind in (("bilinear", BILINEAR), ("bicubic", BICUBIC)):
        yield (f"plain_{name}", TALL, f"resize size=20,50 antialias=false filter={name}",
               F.resize(tensor(TALL), [20, 50], kind, antialias=False))
    yield "resize_nearest", TALL, "resize size=20,50 filter=nearest", picture(TALL).resize((50, 20), Image.NEAREST)
    yield "resize_lanczos", WIDE, "resize size=24 filter=lanczos", picture(WIDE).resize((39, 24), Image.LANCZOS)
    yield "letterbox", TALL, "letterbox size=40,53", letterbox(TALL, 40, 53, 114)


def main():
    lines = []
    for name, source, step, result in cases():
        if isinstance(result, torch.Tensor):
            result = Image.fromarray(result.permute(1, 2, 0).numpy())
        result.convert("RGBA").save(FILES / f"moved_{name}.png", optimize=True)
        lines.append(f"moved_{name}.png {source} {step}\n")
    Path(__file__).with_suffix(".txt").write_text("".join(lines))


main()
