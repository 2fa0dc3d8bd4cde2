#!/usr/bin/env python3
"""Makes tests/data/files: small pictures, and what Pillow makes of them.

    python3 tests/golden/pictures.py        (Pillow 12 or older: 13 resizes some shapes in another order of passes; numpy)

decoded.txt has a line a picture that must decode:  NAME WIDTH HEIGHT CHANNELS SUM TOP_LEFT TOP_RIGHT BOTTOM_LEFT BOTTOM_RIGHT HASH
    after the EXIF turn, as stored (grey or RGB, alpha dropped): the sum of all samples; the corners in hexadecimal; FNV-1a (64
    bits) of the pixels, or 0 where the file is lossy and another libjpeg may round differently.
Everything comes from formulas: the same versions give the same bytes.
"""
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

OUT = Path(__file__).resolve().parent.parent / "data" / "files"


def picture(width, height, seed=0):
    """RGB whose corners differ, so that a flip or a turn shows, over a gradient."""
    y, x = np.mgrid[0:height, 0:width]
    a = np.stack([30 + 190 * x / max(width - 1, 1), 20 + 200 * y / max(height - 1, 1), 90 + (x + 2 * y + 31 * seed) % 97], -1)
    q = max(min(width, height) // 3, 1)
    a[:q, :q], a[:q, -q:], a[-q:, :q], a[-q:, -q:] = (230, 20, 20), (20, 210, 40), (20, 40, 230), (240, 230, 30)
    return Image.fromarray(a.astype(np.uint8))


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(orientation, little):
    e = "<" if little else ">"
    return ((b"II" if little else b"MM") + struct.pack(e + "HIH", 42, 8, 1)
            + struct.pack(e + "HHIHH", 0x112, 3, 1, orientation, 0) + struct.pack(e + "I", 0))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(array):
    """A 16-bit PNG, grey or RGB, which Pillow cannot write."""
    height, width = array.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if array.ndim == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def interlaced(image):
    """An Adam7 PNG of an RGB picture, which Pillow cannot write."""
    a = np.asarray(image)
    raw = b""
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = a[y0::dy, x0::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def fnv(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{h:016x}"


def line(name, array, exact):
    a = array if array.ndim == 3 else array[..., None]
    corners = " ".join(bytes(a[y, x]).hex() for y, x in ((0, 0), (0, -1), (-1, 0), (-1, -1)))
    digest = fnv(np.ascontiguousarray(a).tobytes()) if exact else "0"
    return f"{name} {a.shape[1]} {a.shape[0]} {a.shape[2]} {int(a.astype(np.int64).sum())} {corners} {digest}\n"


def seen(data):
    """The pixels by Pillow, turned, grey or RGB."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))


def whole_pictures():
    """NAME → bytes of pictures that must decode."""
    files = {}
    for o in range(1, 9):
        files[f"turn{o}.jpg"] = encoded(picture(24, 16), "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0" + exif(o, o % 2 == 1))
    files["turn6.png"] = encoded(picture(24, 16), "PNG", exif=exif(6, False))
    files["progressive.jpg"] = encoded(picture(33, 21), "JPEG", quality=90, progressive=True)
    for s, name in ((0, "444"), (1, "422"), (2, "420")):
        files[f"sampling{name}.jpg"] = encoded(picture(17, 13), "JPEG", quality=90, subsampling=s)
    files["restart.jpg"] = encoded(picture(40, 24), "JPEG", quality=90, restart_marker_blocks=2)
    files["grey.jpg"] = encoded(picture(15, 14).convert("L"), "JPEG", quality=90)
    files["one.jpg"] = encoded(picture(1, 1), "JPEG", quality=90)
    files["cmyk.jpg"] = encoded(picture(20, 12).convert("CMYK"), "JPEG", quality=95, subsampling=0)
    files["rgb.png"] = encoded(picture(19, 11), "PNG")
    files["grey.png"] = encoded(picture(19, 11).convert("L"), "PNG")
    files["bits.png"] = encoded(picture(19, 11).convert("1"), "PNG")
    files["palette.png"] = encoded(picture(19, 11).quantize(7), "PNG", bits=4)
    files["palette_clear.png"] = encoded(picture(19, 11).quantize(7), "PNG", bits=4, transparency=2)
    files["alpha.png"] = encoded(Image.merge("RGBA", [*picture(19, 11).split(), picture(19, 11, 5).convert("L")]), "PNG")
    files["grey_alpha.png"] = encoded(Image.merge("LA", [picture(19, 11).convert("L"), picture(19, 11, 5).convert("L")]), "PNG")
    files["interlaced.png"] = interlaced(picture(19, 11))
    files["trailing.jpg"] = files["sampling444.jpg"] + b"something that is not part of the picture" + bytes(50)
    files["png_named.jpg"] = files["rgb.png"]
    files["jpeg_named.png"] = files["sampling444.jpg"]
    return files


def broken_pictures(whole):
    """NAME → bytes of what must be rejected."""
    jpeg, progressive, png = whole["restart.jpg"], whole["progressive.jpg"], whole["rgb.png"]
    return {
        "half.jpg": jpeg[:len(jpeg) // 2], "headers.jpg": jpeg[:jpeg.index(b"\xff\xda")], "two_bytes.jpg": jpeg[:2],
        "half_progressive.jpg": progressive[:len(progressive) * 6 // 10], "half.png": png[:len(png) * 6 // 10],
        "no_end.png": png[:-12], "wrong_sum.png": png[:60] + bytes([png[60] ^ 1]) + png[61:],
        "page.jpg": b"<!doctype html><title>404</title>", "text.png": b"hello\n", "empty.jpg": b"",
        "gif.jpg": encoded(picture(8, 8), "GIF"), "bmp.png": encoded(picture(8, 8), "BMP"),
    }


def resized():
    """in_WxH.png, and out_WxH_FILTER.png: short side 24, centre crop 21; exact_FILTER.png: in_33x47 to height 20, width 50."""
    for width, height in ((33, 47), (61, 37), (24, 30), (5, 7)):
        noise = np.random.default_rng(width * 1000 + height).integers(-40, 40, (height, width, 3))
        source = Image.fromarray(np.clip(np.asarray(picture(width, height)).astype(int) + noise, 0, 255).astype(np.uint8))
        (OUT / f"in_{width}x{height}.png").write_bytes(encoded(source, "PNG"))
        for name, kind in (("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)):
            w, h = (24, int(24 * height / width)) if width <= height else (int(24 * width / height), 24)
            left, top = int(round((w - 21) / 2)), int(round((h - 21) / 2))
            cut = source.resize((w, h), kind).crop((left, top, left + 21, top + 21))
            (OUT / f"out_{width}x{height}_{name}.png").write_bytes(encoded(cut, "PNG"))
            if width == 33:
                (OUT / f"exact_{name}.png").write_bytes(encoded(source.resize((50, 20), kind), "PNG"))


def main():
    assert int(PIL.__version__.split(".")[0]) < 13, "Pillow 13 and later go down before across for some shapes"
    OUT.mkdir(parents=True, exist_ok=True)
    whole = whole_pictures()
    lines = [line(name, seen(data), data[:4] == b"\x89PNG") for name, data in whole.items()]
    ramp = np.tile(np.arange(256) * 257, (2, 1))
    colours = np.asarray(picture(19, 11)).astype(int) * 257 // 2
    for name, array in (("grey16.png", ramp), ("rgb16.png", colours)):
        whole[name] = png16(array)
        lines.append(line(name, (array >> 8).astype(np.uint8), True))
    for name, data in {**whole, **broken_pictures(whole)}.items():
        (OUT / name).write_bytes(data)
    (OUT / "decoded.txt").write_text("".join(lines))
    resized()


if __name__ == "__main__":
    main()
