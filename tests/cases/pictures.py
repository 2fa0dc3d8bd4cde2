"""IMG and PRE: pictures as they come, and what is made of them."""
import shutil

import numpy as np
from PIL import Image

from judge import case, sha256


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def save(pixels, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "PNG")


def is_lossless(path):
    return path.read_bytes()[:4] in (b"\x89PNG", b"RIFF")


@case("IMG-01")
def orientation(t):
    """Each file has an upright twin, its verified pixels as PNG: what is trained, measured and answered is the same."""
    for i, (name, want) in enumerate(t.expected["files"].items()):
        path = t.folder / name
        pixels = t.picture(path, want, lossless=is_lossless(path))
        copy(path, t.work / "one" / name / name)
        sides = t.scan(t.work / "one" / name)["sizes"]
        t.equal(f"{name}: scan's width and height", [side["median"] for side in sides], want["size_wh"])
        for part in ("train", "val"):
            copy(path, t.work / "turned" / part / "ab"[i % 2] / name)
            save(pixels, t.work / "upright" / part / "ab"[i % 2] / name)
    t.equal("scan counts the turned ones", t.scan(t.folder)["turned"], 9)
    for kind in ("turned", "upright"):
        t.train(f"{kind}.run", t.work / kind)
    losses = [[row.split(",")[:-1] for row in (t.work / f"{kind}.run/results.csv").read_text().splitlines()]
              for kind in ("turned", "upright")]
    t.equal("training sees the turned pixels", *losses)
    model = t.work / "turned.run/best.fovea"
    figures = [t.fovea("eval", model, "--data", t.work / kind, "--json").json for kind in ("turned", "upright")]
    t.equal("eval sees the turned pixels", *[f["loss"] for f in figures])
    answers = [t.fovea("predict", model, t.work / kind / "val", "--logits", "--json").lines for kind in ("turned", "upright")]
    t.equal("predict sees the turned pixels", *[[line["logits"] for line in lines] for lines in answers])


@case("IMG-06")
def samplings(t):
    for name, want in t.expected["files"].items():
        t.picture(t.folder / name, want, means=1.5, corners=10)
    scan = t.scan(t.folder)
    t.equal("scan can use them all", [scan["found"], scan["usable"]], [9, 9])


@case("IMG-07")
def cut_short(t):
    scan = t.scan(t.folder)
    rejected = {item["path"]: item["reason"] for item in scan["rejected"]}
    t.equal("scan finds", scan["found"], 8)
    t.claim("3 or 4 usable, 4 or 5 rejected", (scan["usable"], len(rejected)) in ((3, 5), (4, 4)), scan)
    for name in t.expected["rejected"]:
        t.claim(f"{name} is rejected as cut short", "cut short" in rejected.get(name, ""), rejected)
    for name, want in t.expected["usable"].items():
        t.picture(t.folder / name, want)
    if "no_end_marker.jpg" in rejected:
        t.remark = "a JPEG without its end marker is rejected"
    else:
        t.picture(t.folder / "no_end_marker.jpg", t.expected["usable"]["trailing_text.jpg"])
    t.equal("scan --strict fails", t.fovea("data", "scan", t.folder, "--strict").status, 1)
    for path in sorted(t.folder.glob("*.jpg")):
        copy(path, t.work / "set/a" / path.name)
        if path.name.startswith("trailing"):
            copy(path, t.work / "set/b" / path.name)
    strict = t.train("strict", t.work / "set", "--strict")
    t.claim("training --strict fails by name", strict.status == 1 and "half.jpg" in strict.err, strict.err)
    plain = t.train("plain", t.work / "set")
    t.claim("training fails above 1 % and names the way on", plain.status == 1 and "--allow-dropped" in plain.err, plain.err)
    dropped = t.train("dropped", t.work / "set", "--allow-dropped")
    t.claim("with --allow-dropped it goes on and says the count",
            dropped.status == 0 and f"{scan['usable'] + 3} usable, {len(rejected)} rejected" in dropped.err, dropped.err)
    answer = t.fovea("predict", t.work / "dropped/best.fovea", t.folder / "half.jpg", "--json")
    t.claim("predict answers half a picture with an error",
            answer.status == 1 and "cut short" in answer.lines[0].get("error", ""), answer.out)


@case("IMG-08")
def lying_names(t):
    scan = t.scan(t.folder)
    rejected = {item["path"].removeprefix("c/"): item["reason"] for item in scan["rejected"]}
    for name, want in t.expected["usable"].items():
        t.picture(t.folder / "c" / name, want, lossless=is_lossless(t.folder / "c" / name))
    for name, word in {"gif_named.jpg": "GIF", "bmp_named.jpg": "BMP"}.items():
        t.claim(f"{name} decodes, or its real format is named", name not in rejected or word in rejected[name], rejected)
    for name, word in {"html_named.jpg": "HTML", "empty.jpg": "empty", "text.png": "not a picture"}.items():
        t.claim(f"{name} is rejected: {word}", word in rejected.get(name, ""), rejected)
    t.equal("each with its own reason", len({rejected.get(name) for name in t.expected["rejected"]}), 3)
    for name in ("a", "b"):
        shutil.copytree(t.folder / "c", t.work / "set" / name)
    trained = t.train("run", t.work / "set", "--allow-dropped")
    said = f"{2 * scan['usable']} usable, {2 * len(rejected)} rejected"
    t.claim("train tells by content too", said in trained.err, trained.err)
    answers = t.fovea("predict", t.work / "run/best.fovea", t.folder / "c", "--json").lines
    t.equal("predict tells by content too", {a["path"].rsplit("/", 1)[1] for a in answers if "error" in a}, set(rejected))
    t.remark = "GIF and BMP are decoded" if len(rejected) == 3 else ""


@case("IMG-09")
def sixteen_bits(t):
    ramp = t.prepare(t.folder / "grey16.png", "resize size=4,256")
    want = np.broadcast_to(np.arange(256)[None, :, None], (4, 256, 3))
    t.near("grey16.png: each pixel that a network sees", ramp, want, 1)
    pixels = t.decode(t.folder / "grey16.png")
    t.near("grey16.png: each decoded pixel", pixels, want, 1)
    t.equal("grey16.png: levels", len(np.unique(pixels)), 256)
    t.near("grey16.png: mean", pixels.mean(), 127.5, 1)
    name = "rgb16_half_bright.png"
    t.picture(t.folder / name, t.expected["files"][name], corners=1)
    t.claim(f"{name}: v >> 8 to the pixel", sha256(t.decode(t.folder / name)) == t.expected["files"][name]["sha256_rgb"])


@case("PRE-01")
def resize_and_crop(t):
    """Steps end in v / 255; u8 in between, as with torchvision on Pillow."""
    for name, want in t.expected["files"].items():
        _, size, kernel = name.removesuffix(".png").split("_")
        source, steps = t.folder / f"in_{size}.png", f"resize size=32 filter={kernel}"
        resized = t.prepare(source, steps)
        t.equal(f"{name}: size before the crop", [resized.shape[1], resized.shape[0]], want["resized_wh"])
        got = t.prepare(source, f"{steps}; center_crop size=27")
        left, top = want["crop_left_top"]
        t.claim(f"{name}: place of the crop", np.array_equal(got, resized[top:top + 27, left:left + 27]), want["crop_left_top"])
        gap = np.abs(got - np.asarray(Image.open(t.folder / name).convert("RGB"), np.float32))
        t.claim(f"{name}: every pixel within 1", gap.max() < 1.001, gap.max())
        t.claim(f"{name}: 99 % equal", (gap < 0.001).mean() >= 0.99, (gap < 0.001).mean())
