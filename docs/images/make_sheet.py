#!/usr/bin/env python3
"""Draws a sheet of pictures with the labels that a model gives them; needs Pillow.

    make_sheet.py FOVEA MODEL SHEET.png FILE...

A picture's class is the name of its folder; a wrong label is red. The sheets in the README are

    docs/images/make_sheet.py build/release/bin/fovea run/best.fovea docs/images/shapes.png \\
        examples/shapes/test/*/00[0-5].png
    docs/images/make_sheet.py build/release/bin/fovea build/demo/run/best.fovea docs/images/cells.png \\
        $(for kind in platelet red_cell white_cell; do ls examples/cells/test/$kind/* | awk 'NR % 7 == 3' | head -10; done)
"""
import json
import os
import subprocess
import sys

from PIL import Image, ImageDraw, ImageFont

CELL, PICTURE, COLUMNS, TEXT = 104, 84, 10, 30
GREEN, RED = (22, 120, 60), (190, 30, 30)


def main(fovea, model, sheet, files):
    lines = subprocess.run([fovea, "predict", model, "--json", "--top", "1", *files], check=True, capture_output=True, text=True)
    answers = [json.loads(line) for line in lines.stdout.splitlines()]
    rows = -(-len(answers) // COLUMNS)
    out = Image.new("RGB", (CELL * COLUMNS, (PICTURE + TEXT + 10) * rows), "white")
    draw = ImageDraw.Draw(out)
    font = ImageFont.load_default(12)
    for i, answer in enumerate(answers):
        x, y = i % COLUMNS * CELL, i // COLUMNS * (PICTURE + TEXT + 10) + 6
        picture = Image.open(answer["path"]).convert("RGB")
        drawn = picture.width <= 28  # pixels of a drawing stay squares, a photograph is smoothed
        picture = picture.resize((PICTURE, PICTURE), Image.Resampling.NEAREST if drawn else Image.Resampling.BICUBIC)
        out.paste(picture, (x + (CELL - PICTURE) // 2, y))
        true = os.path.basename(os.path.dirname(answer["path"]))
        label = f"{answer['label']} {100 * answer['score']:.1f} %"
        draw.text((x + CELL / 2, y + PICTURE + 3), label, GREEN if answer["label"] == true else RED, font, anchor="ma")
    out.quantize(256).save(sheet, optimize=True)


main(*sys.argv[1:4], sys.argv[4:])
