#!/usr/bin/env python3
"""Cuts the cells: `python3 make.py BCCD DIR` writes DIR/{train,val,test}/{platelet,red_cell,white_cell}/PICTURE_BOX.jpg.

BCCD is the unpacked data set (github.com/Shenggan/BCCD_Dataset): JPEGImages, Annotations (Pascal VOC), ImageSets/Main. Needs
Pillow. What is taken, and how:

- A picture's part is the one that BCCD itself gives it (ImageSets/Main/train.txt, val.txt, test.txt), so all cells of a picture are
  on one side. A picture whose bytes were seen before is left out.
- Every white cell and every platelet; of the red cells, of which there are eleven times as many, RED_CELLS a picture, chosen by a
  hash of the picture's name and the box's number, and only such as are whole: boxes that touch the picture's edge are cells cut off.
- Left out: boxes of less than SMALLEST pixels, and those that an earlier box of the picture covers (more than half of the two boxes'
  union): a cell marked twice, perhaps as two kinds.
- The crop is a square of MARGIN times the box's longer side around its middle, moved into the picture where it would stick out, and
  resized to SIZE × SIZE. So a cell's size in the picture cannot be seen, its colour and form can.
"""
import hashlib
import os
import sys
import xml.etree.ElementTree as ElementTree

from PIL import Image

SIZE, MARGIN, SMALLEST, RED_CELLS, QUALITY = 48, 1.25, 12, 2, 90
NAMES = {"RBC": "red_cell", "WBC": "white_cell", "Platelets": "platelet"}


def boxes_of(path):
    """(number, name, x0, y0, x1, y1) of each box in a picture's annotation, in its order."""
    for number, thing in enumerate(ElementTree.parse(path).iter("object")):
        box = thing.find("bndbox")
        yield number, thing.find("name").text, *(int(box.find(key).text) for key in ("xmin", "ymin", "xmax", "ymax"))


def overlap(a, b):
    """Intersection over union of two boxes."""
    wide, high = min(a[4], b[4]) - max(a[2], b[2]), min(a[5], b[5]) - max(a[3], b[3])
    if wide <= 0 or high <= 0:
        return 0
    areas = [(box[4] - box[2]) * (box[5] - box[3]) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)


def is_whole(box, width, height):
    return box[2] > 1 and box[3] > 1 and box[4] < width - 1 and box[5] < height - 1


def choose(picture, boxes, width, height):
    kept, red = [], []
    for box in boxes:
        if min(box[4] - box[2], box[5] - box[3]) < SMALLEST or any(overlap(box, other) > 0.5 for other in kept + red):
            continue
        if NAMES[box[1]] != "red_cell":
            kept.append(box)
        elif is_whole(box, width, height):
            red.append(box)
    red.sort(key=lambda box: hashlib.sha256(f"{picture} {box[0]}".encode()).digest())
    return kept + red[:RED_CELLS]


def crop(image, box):
    side = min(round(MARGIN * max(box[4] - box[2], box[5] - box[3])), *image.size)
    left, top = ((low + high - side) // 2 for low, high in ((box[2], box[4]), (box[3], box[5])))
    left, top = (min(max(at, 0), room - side) for at, room in zip((left, top), image.size))
    return image.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main(bccd, out):
    seen = set()
    for part in ("train", "val", "test"):
        for name in NAMES.values():
            os.makedirs(os.path.join(out, part, name), exist_ok=True)
        with open(os.path.join(bccd, "ImageSets", "Main", part + ".txt"), encoding="utf-8") as file:
            pictures = sorted(file.read().split())
        for picture in pictures:
            path = os.path.join(bccd, "JPEGImages", picture + ".jpg")
            with open(path, "rb") as file:
                bytes_of = hashlib.sha256(file.read()).digest()
            if bytes_of in seen:
                continue
            seen.add(bytes_of)
            image = Image.open(path).convert("RGB")
            for box in choose(picture, boxes_of(os.path.join(bccd, "Annotations", picture + ".xml")), *image.size):
                name = f"{picture.removeprefix('BloodImage_')}_{box[0]:02}.jpg"
                crop(image, box).save(os.path.join(out, part, NAMES[box[1]], name), quality=QUALITY, subsampling=0, optimize=True)


main(*sys.argv[1:3])
