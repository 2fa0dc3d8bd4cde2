#!/usr/bin/env python3
"""What Pillow, torchvision, OpenCV, scipy and formulas make of tests/data/files/in_61x37.png, for tests/data/transforms/judged.c.

    python tests/golden/transforms.py     writes tests/golden/transforms.txt; needs Pillow, torchvision, OpenCV, scipy, numpy

A line: CHANNELS ; TRANSFORM ; LEVELS ; 96 values of the result: numbers 7919 k mod (all values), k = 0 … 95, in row order.
LEVELS is how far a value may be from the judge's. "@OP AMOUNT" is one operation of RandAugment, with torchvision's defaults."""
import io
import pathlib

import cv2
import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps
from scipy.ndimage import map_coordinates
from torchvision.transforms.v2 import RandAugment
from torchvision.transforms.v2 import functional as F

HERE = pathlib.Path(__file__).resolve().parent
PICTURE = HERE.parent / "data" / "files" / "in_61x37.png"


def tv(function, *arguments):
    """A function of torchvision, on tensors of bytes."""
    def judge(a):
        out = function(torch.from_numpy(a.transpose(2, 0, 1).copy()), *arguments)
        return out.numpy().transpose(1, 2, 0)
    return judge


def pil(function):
    def judge(a):
        out = np.asarray(function(Image.fromarray(a if a.shape[2] == 3 else a[..., 0])))
        return out if out.ndim == 3 else np.repeat(out[..., None], a.shape[2], 2)
    return judge


def linear(x):
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def coded(x):
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055)


def light(gains):
    """Linear light times a gain a channel."""
    return lambda a: 255 * coded(np.clip(linear(a / 255) * gains, 0, 1))


def lamp(kelvin):
    """Linear sRGB of the Planckian locus (Kang et al. 2002), luminance 1."""
    t = 1e3 / kelvin
    x = np.polyval([-0.2661239, -0.2343589, 0.8776956, 0.179910] if kelvin <= 4000 else [-3.0258469, 2.1070379, 0.2226347, 0.24039], t)
    y = np.polyval([-0.9549476, -1.37418593, 2.09137015, -0.16748867] if kelvin <= 4000
                   else [3.0817580, -5.87338670, 3.75112997, -0.37001483], x)
    m = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
    return m @ np.array([x / y, 1, (1 - x - y) / y])


def white_balance(kelvin, tint):
    gains = lamp(kelvin) / lamp(6500) * np.array([1, 2 ** tint, 1])
    return light(gains / (gains @ [0.2126, 0.7152, 0.0722]))


def motion(length, angle):
    def judge(a):
        n, turn = int(np.ceil(length)), np.radians(angle)
        y, x = np.mgrid[:a.shape[0], :a.shape[1]]
        out = np.zeros(a.shape)
        for t in np.linspace(-(length - 1) / 2, (length - 1) / 2, n):
            at = [y - t * np.sin(turn), x + t * np.cos(turn)]
            for c in range(a.shape[2]):
                out[..., c] += map_coordinates(a[..., c].astype(float), at, order=1, mode="mirror") / n
        return out
    return judge


def gradient(strength, angle):
    def judge(a):
        h, w, turn = a.shape[0], a.shape[1], np.radians(angle)
        y, x = np.mgrid[:h, :w]
        t = (x + 0.5 - w / 2) * np.cos(turn) - (y + 0.5 - h / 2) * np.sin(turn)
        end = abs(np.cos(turn)) * w / 2 + abs(np.sin(turn)) * h / 2
        return np.clip(a * (1 + strength * t / end)[..., None], 0, 255)
    return judge


def clahe(limit, rows, columns):
    def judge(a):
        tool = cv2.createCLAHE(clipLimit=limit, tileGridSize=(columns, rows))
        if a.shape[2] == 1:
            return tool.apply(a[..., 0])[..., None]
        y = cv2.cvtColor(a, cv2.COLOR_RGB2YCrCb)
        y[..., 0] = tool.apply(y[..., 0])
        return cv2.cvtColor(y, cv2.COLOR_YCrCb2RGB)
    return judge


def jpeg(quality):
    def through(image):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(io.BytesIO(file.getvalue()))
    return pil(through)


def augment(name, magnitude):
    tool = RandAugment()
    return tv(lambda a: tool._apply_image_or_video_transform(a, name, magnitude, tool.interpolation, {torch.Tensor: None}))


CASES = [
    (3, "brightness factor=0.5", 1, tv(F.adjust_brightness, 0.5)),
    (1, "brightness factor=1.7", 1, tv(F.adjust_brightness, 1.7)),
    (3, "contrast factor=0.4", 1, tv(F.adjust_contrast, 0.4)),
    (3, "contrast factor=1.6", 1, tv(F.adjust_contrast, 1.6)),
    (3, "contrast factor=0.7", 1, pil(lambda i: ImageEnhance.Contrast(i).enhance(0.7))),
    (1, "contrast factor=1.6", 1, tv(F.adjust_contrast, 1.6)),
    (3, "gamma gamma=0.45", 1, tv(F.adjust_gamma, 0.45)),
    (1, "gamma gamma=2.2", 1, tv(F.adjust_gamma, 2.2)),
    (3, "saturation factor=0.2", 1, pil(lambda i: ImageEnhance.Color(i).enhance(0.2))),
    (3, "saturation factor=1.9", 1, pil(lambda i: ImageEnhance.Color(i).enhance(1.9))),
    (3, "hue turn=-0.3", 1, tv(F.adjust_hue, -0.3)),
    (3, "hue turn=0.17", 1, tv(F.adjust_hue, 0.17)),
    (3, "hue turn=0.5", 1, tv(F.adjust_hue, 0.5)),
    (3, "grey p=1", 0, pil(lambda i: i.convert("L").convert("RGB"))),
    (3, "invert p=1", 0, tv(F.invert)),
    (3, "solarize p=1 threshold=100", 0, tv(F.solarize, 100)),
    (3, "posterize p=1 bits=3", 0, tv(F.posterize, 3)),
    (3, "autocontrast p=1", 1, tv(F.autocontrast)),
    (3, "autocontrast p=1 cutoff=7", 1, pil(lambda i: ImageOps.autocontrast(i, 7))),
    (3, "equalize p=1", 0, tv(F.equalize)),
    (1, "equalize p=1", 0, pil(ImageOps.equalize)),
    (3, "sharpen p=1 factor=0", 1, tv(F.adjust_sharpness, 0)),
    (3, "sharpen p=1 factor=2", 1, tv(F.adjust_sharpness, 2)),
    (3, "sharpen p=1 factor=1.7", 1, pil(lambda i: ImageEnhance.Sharpness(i).enhance(1.7))),
    (3, "gaussian_blur p=1 sigma=1.3", 0.51, tv(F.gaussian_blur, [9, 9], [1.3, 1.3])),
    (1, "gaussian_blur p=1 sigma=4 kernel_size=5", 0.51, tv(F.gaussian_blur, [5, 5], [4.0, 4.0])),
    (3, "motion_blur p=1 length=7.5 angle=30", 0.51, motion(7.5, 30)),
    (1, "motion_blur p=1 length=12 angle=-75", 0.51, motion(12, -75)),
    (3, "exposure stops=1.2", 0.51, light(2 ** 1.2)),
    (3, "exposure stops=-2", 0.51, light(2 ** -2)),
    (3, "white_balance temperature=3000 tint=0.3", 0.51, white_balance(3000, 0.3)),
    (3, "white_balance temperature=12000 tint=-0.2", 0.51, white_balance(12000, -0.2)),
    (3, "gradient_light p=1 strength=0.6 angle=30", 0.51, gradient(0.6, 30)),
    (1, "clahe p=1 clip_limit=2 tiles=4", 1, clahe(2, 4, 4)),
    (1, "clahe p=1 clip_limit=0 tiles=3,5", 1, clahe(0, 3, 5)),
    (3, "clahe p=1 clip_limit=3 tiles=2,3", 3, clahe(3, 2, 3)),
    (3, "jpeg_artefacts p=1 quality=30", 3, jpeg(30)),
    (1, "jpeg_artefacts p=1 quality=10", 3, jpeg(10)),
    (3, "@shear_x 0.27", 0, augment("ShearX", 0.27)),
    (1, "@shear_x -0.9", 0, augment("ShearX", -0.9)),
    (3, "@shear_y 0.13", 0, augment("ShearY", 0.13)),
    (3, "@translate_x 8.7", 0, augment("TranslateX", 8.7)),
    (3, "@translate_y -5.2", 0, augment("TranslateY", -5.2)),
    (3, "@rotate 27", 0, augment("Rotate", 27.0)),
    (1, "@rotate -121.5", 0, augment("Rotate", -121.5)),
    (3, "@brightness -0.6", 1, augment("Brightness", -0.6)),
    (3, "@color 0.54", 2, augment("Color", 0.54)),
    (1, "@color 0.54", 0, augment("Color", 0.54)),
    (3, "@contrast 0.54", 1, augment("Contrast", 0.54)),
    (3, "@sharpness -0.81", 1, augment("Sharpness", -0.81)),
    (3, "@posterize 5", 0, augment("Posterize", 5)),
    (3, "@solarize 178.5", 0, augment("Solarize", 0.7)),
    (3, "@autocontrast 0", 1, augment("AutoContrast", 0)),
    (3, "@equalize 0", 0, augment("Equalize", 0)),
    (3, "@identity 0", 0, augment("Identity", 0)),
]


def picture(channels, path=PICTURE):
    image = Image.open(path).convert("RGB" if channels == 3 else "L")
    return np.array(image).reshape(image.height, image.width, channels)


def main():
    lines = []
    for channels, text, levels, judge in CASES:
        out = np.asarray(judge(picture(channels)), dtype=float).reshape(-1)
        picked = out[np.arange(96) * 7919 % out.size]
        lines.append(f"{channels} ; {text} ; {levels} ; " + " ".join(f"{v:.10g}" if v % 1 else f"{v:.0f}" for v in picked.round(3)))
    (HERE / "transforms.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
