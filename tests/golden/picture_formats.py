#!/usr/bin/env python3
"""Makes tests/data/files/FORMAT for the formats beside JPEG and PNG: small pictures, and what Pillow makes of them.

    python3 tests/golden/picture_formats.py        (Pillow 11 or later; numpy)

FORMAT/decoded.txt has a line a picture, as pictures.py describes, and FORMAT/alpha.txt in 4 channels. Where Pillow does not read a kind, or reads it otherwise on
purpose, the pixels that went in stand there. The folders are the fuzz targets' seeds too.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

from pictures import OUT, chunk, encoded, exif, line, picture, seen

SMALL = picture(19, 11)
RGB = np.asarray(SMALL)
GREY = np.asarray(SMALL.convert("L"))
HEIGHT, WIDTH = GREY.shape


class Folder:
    """The pictures of a format, and their lines."""

    def __init__(self, name):
        self.path, self.lines, self.alpha = OUT / name, [], []
        self.path.mkdir(parents=True, exist_ok=True)
        for old in self.path.iterdir():
            old.unlink()

    def add(self, name, data, pixels=None, exact=True, alpha=False):
        """`pixels`: None, Pillow says; False: none, it must be refused. `alpha`: Pillow also says what 4 channels of it are."""
        (self.path / name).write_bytes(data)
        if pixels is False:
            return
        judge = seen(data) if pixels is None else np.asarray(pixels)
        self.lines.append(line(name, judge, exact))
        if alpha:
            self.alpha.append(line(name, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGBA")), exact))

    def close(self):
        (self.path / "decoded.txt").write_text("".join(self.lines))
        if self.alpha:
            (self.path / "alpha.txt").write_text("".join(self.alpha))


def bits_of(numbers, bits):
    """Rows of numbers of 1, 2, 4 or 8 bits, packed, the first in the highest bits."""
    flags = (numbers[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(flags.reshape(numbers.shape[0], -1).astype(np.uint8), axis=1)


def colours(count):
    """A palette, and the picture's numbers in it: blocks of every colour."""
    palette = np.array([[(37 * i + 11) % 256, (91 * i + 5) % 256, (153 * i + 77) % 256] for i in range(count)], np.uint8)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return palette, ((x // 2 + 3 * (y // 2)) % count).astype(np.uint8)


# ---- PNG ----


def png_file(a, kind, depth=8, interlaced=False, chunks=(), filters=False):
    """`a`: samples of `depth` bits, height × width × channels; `kind`: PNG's colour type."""
    a = a if a.ndim == 3 else a[..., None]

    def rows(part):
        if depth == 16:
            packed = part.astype(">u2").reshape(len(part), -1).view(np.uint8)
        else:
            packed = bits_of(part.reshape(len(part), -1), depth)
        out = b""
        for y, row in enumerate(packed):
            if filters and y % 2:  # the difference to the row above
                out += b"\2" + (row - packed[y - 1]).tobytes()
            else:
                out += b"\0" + row.tobytes()
        return out

    if interlaced:
        passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
        raw = b"".join(rows(a[y0::dy, x0::dx]) for x0, y0, dx, dy in passes if a[y0::dy, x0::dx].size)
    else:
        raw = rows(a)
    header = struct.pack(">IIBBBBB", a.shape[1], a.shape[0], depth, kind, 0, 0, interlaced)
    middle = b"".join(chunk(name, data) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + middle + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def png():
    folder = Folder("png")
    for bits in (1, 2, 4, 8):
        palette, numbers = colours(min(1 << bits, 200))
        shades = (GREY >> (8 - bits)).astype(np.uint8)
        for interlaced in (False, True):
            end = f"{bits}{'_interlaced' * interlaced}.png"
            folder.add("palette" + end, png_file(numbers, 3, bits, interlaced, [(b"PLTE", palette.tobytes())]))
            if bits != 8 or interlaced:  # Pillow keeps fewer than 8 bits of grey in 8
                folder.add("grey" + end, png_file(shades, 0, bits, interlaced), shades * (255 // ((1 << bits) - 1)))
        clear = bytes([0, 128, 255])[:1 << bits]
        folder.add(f"palette_clear{bits}.png",
                   png_file(numbers, 3, bits, False, [(b"PLTE", palette.tobytes()), (b"tRNS", clear)]), alpha=True)
    folder.add("grey_clear.png", png_file(GREY, 0, chunks=[(b"tRNS", struct.pack(">H", GREY[0, 0]))]), alpha=True)
    folder.add("rgb_clear.png", png_file(RGB, 2, chunks=[(b"tRNS", struct.pack(">HHH", *RGB[0, 0]))]), alpha=True)
    both = np.dstack([RGB, GREY])
    folder.add("rgb_alpha.png", png_file(both, 6, interlaced=True), alpha=True)
    folder.add("grey_alpha.png", png_file(both[..., 2:], 4, filters=True), alpha=True)
    folder.add("filters.png", png_file(RGB, 2, filters=True))
    wide = both.astype(np.uint16) * 251 + 77
    folder.add("rgb16_alpha.png", png_file(wide, 6, 16, True), (wide[..., :3] >> 8).astype(np.uint8))
    folder.add("rgb16_clear.png", png_file(wide[..., :3], 2, 16, chunks=[(b"tRNS", struct.pack(">HHH", *wide[0, 0, :3]))]),
               (wide[..., :3] >> 8).astype(np.uint8))
    folder.add("grey16_alpha.png", png_file(wide[..., 2:], 4, 16), (wide[..., 2] >> 8).astype(np.uint8))
    folder.add("gamma.png", png_file(RGB, 2, chunks=[(b"gAMA", struct.pack(">I", 30000))]))
    folder.add("srgb.png", png_file(RGB, 2, chunks=[(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 45455)), (b"pHYs", bytes(9))]))
    for o in range(1, 9):
        folder.add(f"turn{o}.png", png_file(np.asarray(picture(12, 8)), 2, chunks=[(b"eXIf", exif(o, o % 2 == 1))]))
    folder.add("tail.png", png_file(RGB, 2) + b"something that is not part of the picture")
    folder.add("one.png", png_file(RGB[:1, :1], 2))
    folder.add("beyond_palette.png", png_file(numbers, 3, 8, False, [(b"PLTE", bytes(30))]), False)
    folder.close()


# ---- WebP ----


def riff(chunks):
    body = b"WEBP" + b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def u24(value):
    return struct.pack("<I", value)[:3]


def film(image, left, top, width, height):
    """A film of one picture at (left, top) of a larger canvas."""
    pixels = encoded(image, "WEBP", lossless=True)[12:]
    frame = u24(left // 2) + u24(top // 2) + u24(image.width - 1) + u24(image.height - 1) + u24(100) + b"\2" + pixels
    about = b"\x12\0\0\0" + u24(width - 1) + u24(height - 1)
    return riff([(b"VP8X", about), (b"ANIM", bytes(6)), (b"ANMF", frame)])


def webp():
    folder = Folder("webp")
    alpha = Image.merge("RGBA", [*SMALL.split(), picture(19, 11, 5).convert("L")])
    plain = encoded(SMALL, "WEBP", lossless=True)
    folder.add("lossless.webp", plain, alpha=True)
    folder.add("lossy.webp", encoded(SMALL, "WEBP", quality=80), exact=False)
    folder.add("lossless_alpha.webp", encoded(alpha, "WEBP", lossless=True, exact=True), alpha=True)
    folder.add("lossy_alpha.webp", encoded(alpha, "WEBP", quality=80), exact=False, alpha=True)
    for o in range(1, 9):
        folder.add(f"turn{o}.webp", encoded(picture(12, 8), "WEBP", lossless=True, exif=b"Exif\0\0" * (o % 3 == 0) + exif(o, o % 2 == 1)))
    folder.add("film.webp", encoded(SMALL, "WEBP", lossless=True, save_all=True, append_images=[picture(19, 11, 3)], duration=100))
    folder.add("film_aside.webp", film(picture(8, 6), 4, 2, 19, 11), alpha=True)
    folder.add("tail.webp", plain + b"something that is not part of the picture")
    folder.add("cut.webp", plain[:len(plain) * 2 // 3], False)
    lossy = encoded(picture(64, 48), "WEBP", quality=90)
    short = lossy[:len(lossy) // 2 & ~1]
    folder.add("cut_inside.webp", riff([(b"VP8 ", short[20:])]), False)
    folder.add("film_beyond.webp", film(picture(8, 6), 12, 2, 19, 11), False)
    folder.close()


# ---- BMP ----


def bitmap(pixels, bits, width=WIDTH, height=HEIGHT, header=40, compression=0, masks=b"", palette=b"", used=0):
    if header == 12:
        about = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        about = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(pixels), 2835, 2835, used, 0)
        about += masks if header > 40 else b""
        about += bytes(header - len(about)) + (masks if header == 40 else b"")
    start = 14 + len(about) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + about + palette + pixels


def bmp_rows(rows, upside_down=True):
    """Rows of bytes, each filled up to four, the last one first."""
    rows = np.asarray(rows).reshape(len(rows), -1)
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    return (padded[::-1] if upside_down else padded).tobytes()


def run_lengths(numbers, bits):
    """Every kind of code: runs, pixels as they are, jumps, ends of rows."""
    out, per = b"", 8 // bits
    for y, row in enumerate(numbers[::-1]):
        x = 0
        if y == 3:  # columns and rows left out have colour 0
            out, x = out + bytes([0, 2, 5, 0]), 5
        while x < len(row):
            run = 1
            while x + run < len(row) and row[x + run] == row[x]:
                run += 1
            left = len(row) - x
            if run >= 3 or left < 6:
                out, x = out + bytes([run, row[x] if bits == 8 else row[x] * 17]), x + run
            else:
                some = 5
                data = bits_of(row[None, x:x + some], bits).tobytes()
                out, x = out + bytes([0, some]) + data + b"\0" * (len(data) % 2), x + some
        out += b"\0\1" if y == len(numbers) - 1 else b"\0\0"
    return out


def bmp_palettes(folder):
    for bits in (1, 2, 4, 8):
        palette, numbers = colours(min(1 << bits, 200))
        plain = bmp_rows(bits_of(numbers, bits))
        quads = b"".join(bytes([*c[::-1], 0]) for c in palette)
        folder.add(f"palette{bits}.bmp", bitmap(plain, bits, palette=quads, used=len(palette)), palette[numbers])
        if bits != 2:
            triples = b"".join(bytes(c[::-1]) for c in palette)
            folder.add(f"os2_{bits}.bmp", bitmap(plain, bits, header=12, palette=triples))
        if bits >= 4:
            left_out = numbers.copy()
            left_out[HEIGHT - 4, :5] = 0
            folder.add(f"runs{bits}.bmp", bitmap(run_lengths(numbers, bits), bits, compression=1 if bits == 8 else 2, palette=quads,
                                              used=len(palette)), palette[left_out])
    greys = b"".join(bytes([i, i, i, 0]) for i in range(256))
    folder.add("grey.bmp", bitmap(bmp_rows(GREY), 8, palette=greys))
    folder.add("beyond_palette.bmp", bitmap(bmp_rows(GREY), 8, palette=greys[:80], used=20), False)


def bmp_fields(folder):
    r, g, b = (RGB[..., i].astype(np.uint32) for i in range(3))
    a = (np.arange(WIDTH)[None] * 13 + np.zeros((HEIGHT, 1))).astype(np.uint32)
    v565, v555 = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3, (r >> 3) << 10 | (g >> 3) << 5 | b >> 3
    rows16 = {"565": bmp_rows(v565.astype("<u2").view(np.uint8)), "555": bmp_rows(v555.astype("<u2").view(np.uint8))}
    folder.add("plain555.bmp", bitmap(rows16["555"], 16))
    folder.add("fields565.bmp", bitmap(rows16["565"], 16, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    folder.add("v2_565.bmp", bitmap(rows16["565"], 16, header=52, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    rows32 = bmp_rows((a << 24 | r << 16 | g << 8 | b).astype("<u4").view(np.uint8))
    bgra = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    folder.add("plain32.bmp", bitmap(rows32, 32), alpha=True)
    for name, header in (("v3", 56), ("v4", 108), ("v5", 124)):
        folder.add(f"{name}_alpha.bmp", bitmap(rows32, 32, header=header, compression=3, masks=bgra), alpha=True)
    wide = bmp_rows((r << 22 | g << 12 | b << 2).astype("<u4").view(np.uint8))
    folder.add("fields10.bmp", bitmap(wide, 32, compression=3, masks=struct.pack("<III", 0x3FF00000, 0xFFC00, 0x3FF)), RGB)
    folder.add("gap.bmp", bitmap(rows32, 32, compression=3, masks=struct.pack("<III", 0xF0F000, 0xFF00, 0xFF)), False)


def bmp():
    folder = Folder("bmp")
    bmp_palettes(folder)
    bmp_fields(folder)
    rows = bmp_rows(RGB[..., ::-1])
    folder.add("rgb.bmp", bitmap(rows, 24))
    folder.add("os2_rgb.bmp", bitmap(rows, 24, header=12))
    folder.add("top_down.bmp", bitmap(bmp_rows(RGB[..., ::-1], False), 24, height=-HEIGHT))
    folder.add("tail.bmp", bitmap(rows, 24) + bytes(100))
    folder.add("cut.bmp", bitmap(rows, 24)[:-5], False)
    folder.close()


# ---- Netpbm ----


def pnm():
    folder = Folder("pnm")
    rng = np.random.default_rng(7)
    ones = (GREY < 128).astype(np.uint8)
    text = lambda a: "\n".join(" ".join(str(v) for v in row) for row in a.reshape(len(a), -1)).encode() + b"\n"
    size = b"%d %d\n" % (WIDTH, HEIGHT)
    folder.add("bits_text.pbm", b"P1\n# a comment\n" + size + text(ones).replace(b" ", b""))
    folder.add("grey_text.pgm", b"P2 # a comment\n" + size + b"255\n" + text(GREY))
    folder.add("rgb_text.ppm", b"P3\r\n" + size + b"255\n" + text(RGB))
    folder.add("bits.pbm", b"P4\n" + size + bits_of(ones, 1).tobytes())
    folder.add("grey.pgm", b"P5\n" + size + b"255\n" + GREY.tobytes())
    folder.add("rgb.ppm", b"P6\n#one\n#two\n" + size + b"255\n" + RGB.tobytes())
    few = rng.integers(0, 32, (HEIGHT, WIDTH), np.uint8)
    folder.add("grey31.pgm", b"P5 " + size + b"31 " + few.tobytes())
    folder.add("grey31_text.pgm", b"P2 " + size + b"31 " + text(few))
    wide = rng.integers(0, 65536, (HEIGHT, WIDTH, 3), np.uint16)
    folder.add("rgb16.ppm", b"P6 " + size + b"65535 " + wide.astype(">u2").tobytes(), (wide >> 8).astype(np.uint8))
    folder.add("grey12.pgm", b"P5 " + size + b"4095 " + (wide[..., 0] >> 4).astype(">u2").tobytes(),
               (((wide[..., 0] >> 4) * 65535.0 / 4095 + 0.5).astype(np.uint16) >> 8).astype(np.uint8))
    pam = lambda depth, most, kind: (b"P7\nWIDTH %d\nHEIGHT %d\n# a comment\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n"
                                     % (WIDTH, HEIGHT, depth, most, kind))
    alpha = np.dstack([RGB, GREY])
    folder.add("rgb.pam", pam(3, 255, b"RGB") + RGB.tobytes(), RGB)
    folder.add("rgb_alpha.pam", pam(4, 255, b"RGB_ALPHA") + alpha.tobytes(), RGB)
    folder.add("bits.pam", pam(1, 1, b"BLACKANDWHITE") + ones.tobytes(), ones * 255)
    folder.add("grey_alpha.pam", pam(2, 255, b"GRAYSCALE_ALPHA") + alpha[..., 2:].tobytes(), alpha[..., 2])
    folder.add("bands4.pam", pam(4, 255, b"near_infrared") + alpha.tobytes(), alpha)
    folder.add("tail.ppm", b"P6 " + size + b"255 " + RGB.tobytes() + b"P6 1 1 255 abc")
    folder.add("cut.ppm", b"P6 " + size + b"255 " + RGB.tobytes()[:-1], False)
    folder.add("cut_text.pgm", b"P2 " + size + b"255\n" + text(GREY)[:-20], False)
    folder.add("above.pgm", b"P5 " + size + b"100 " + GREY.tobytes(), False)
    folder.close()


# ---- GIF ----


def lzw(numbers, width, clear_when_full):
    """GIF's LZW; without clearing, a full table stays as it is."""
    clear, end = 1 << width, (1 << width) + 1
    out, held, count = bytearray(), 0, 0
    table, size = {}, 0

    def put(code):
        nonlocal held, count
        held |= code << count
        count += size
        while count >= 8:
            out.append(held & 255)
            held >>= 8
            count -= 8

    def begin():
        nonlocal table, size
        table, size = {(i,): i for i in range(clear)}, width + 1

    begin()
    put(clear)
    string, following = (), end + 1
    for number in numbers.ravel().tolist():
        if string + (number,) in table:
            string += (number,)
            continue
        put(table[string])
        if following < 4096:
            table[string + (number,)] = following
            if following == 1 << size and size < 12:
                size += 1
            following += 1
        elif clear_when_full:
            put(clear)
            begin()
            following = end + 1
        string = (number,)
    put(table[string])
    put(end)
    if count:
        out.append(held & 255)
    blocks = b"".join(bytes([len(out[i:i + 255])]) + bytes(out[i:i + 255]) for i in range(0, len(out), 255))
    return bytes([width]) + blocks + b"\0"


def graphic(numbers, palette, screen=None, at=(0, 0), clear=None, clear_when_full=True, local=False, close=True):
    height, width = numbers.shape
    bits = max((len(palette) - 1).bit_length(), 1)
    table = palette.tobytes() + bytes(3 * ((1 << bits) - len(palette)))
    screen = screen or (width, height)
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, 0 if local else 0x80 | bits - 1, 0, 0) + (b"" if local else table)
    if clear is not None:
        data += b"!\xf9\4" + bytes([1, 0, 0, clear]) + b"\0"
    data += b"!\xfe\5hello\0," + struct.pack("<HHHHB", *at, width, height, 0x80 | bits - 1 if local else 0)
    return data + (table if local else b"") + lzw(numbers, max(bits, 2), clear_when_full) + (b";" if close else b"")


def gif():
    folder = Folder("gif")
    for count in (2, 7, 200):
        palette, numbers = colours(count)
        folder.add(f"colours{count}.gif", graphic(numbers, palette))
    folder.add("by_pillow.gif", encoded(SMALL.quantize(60), "GIF", interlace=0))
    folder.add("interlaced.gif", encoded(SMALL.quantize(60), "GIF", interlace=1))
    folder.add("film.gif", encoded(SMALL.quantize(30), "GIF", save_all=True, append_images=[picture(19, 11, 3).quantize(30)]))
    palette, numbers = colours(16)
    folder.add("local.gif", graphic(numbers, palette, local=True))
    folder.add("clear.gif", graphic(numbers, palette, clear=3), alpha=True)
    folder.add("aside.gif", graphic(numbers, palette, screen=(25, 14), at=(3, 2)), alpha=True)
    folder.add("aside_clear.gif", graphic(numbers, palette, screen=(25, 14), at=(3, 2), clear=5), alpha=True)
    folder.add("beyond.gif", graphic(numbers, palette, screen=(15, 9), at=(3, 2)))
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    folder.add("grey.gif", graphic(GREY, greys))
    y, x = np.mgrid[0:70, 0:80].astype(np.uint32)
    noise = (((x * 2654435761 + y * 40503 + x * y * 97) >> 7) % 256).astype(np.uint8)
    folder.add("full_table.gif", graphic(noise, greys))
    folder.add("full_table_kept.gif", graphic(noise, greys, clear_when_full=False))
    whole = graphic(numbers, palette, close=False)
    folder.add("no_end.gif", whole)
    folder.add("cut.gif", whole[:-30], False)
    folder.add("nothing.gif", whole[:13 + 48] + b";", False)
    folder.add("beyond_palette.gif", graphic(numbers, palette)[:10] + bytes([0x80 | 1]) + graphic(numbers, palette)[11:13 + 12]
               + graphic(numbers, palette)[13 + 48:], False)
    folder.close()


# ---- TIFF ----


def tiff_page(arrays, tags, e="<", big=False, first=True):
    """One page: `arrays`, the bytes of each strip or tile, and other tags {number: (type, values)}."""
    kinds = {1: "B", 3: "H", 4: "I", 16: "Q"}
    word, entry, room = ("Q", 20, 8) if big else ("I", 12, 4)
    start = 16 if big else 8
    at, body, places = start, b"", []
    for data in arrays:
        places.append(at + len(body))
        body += data + b"\0" * (len(data) % 2)
    tiled = 322 in tags
    tags = {**tags, 324 if tiled else 273: (16 if big else 4, places), 325 if tiled else 279: (4, [len(a) for a in arrays])}
    folder_at = start + len(body)
    extra_at, extra = folder_at + (8 if big else 2) + entry * len(tags) + room, b""
    folder = struct.pack(e + ("Q" if big else "H"), len(tags))
    for number in sorted(tags):
        kind, values = tags[number]
        data = struct.pack(e + kinds[kind] * len(values), *values)
        folder += struct.pack(e + "HH" + word, number, kind, len(values))
        if len(data) > room:
            folder += struct.pack(e + word, extra_at + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        else:
            folder += data.ljust(room, b"\0")
    mark = b"II" if e == "<" else b"MM"
    header = mark + (struct.pack(e + "HHHQ", 43, 8, 0, folder_at) if big else struct.pack(e + "HI", 42, folder_at))
    return header + body + folder + bytes(room) + extra


def tiff_file(a, photometric, bits=None, tile=None, planar=1, e="<", big=False, deflate=False, rows=5, extra=None, more=None):
    """An array as a TIFF, in strips of `rows` or in square tiles."""
    a = a if a.ndim == 3 else a[..., None]
    height, width, samples = a.shape
    bits = bits or a.dtype.itemsize * 8
    kind = {"f": 3, "i": 2}.get(a.dtype.kind, 1)
    planes = [a] if planar == 1 else [a[..., c:c + 1] for c in range(samples)]
    parts = []
    for plane in planes:
        if tile:
            padded = np.pad(plane, ((0, -height % tile), (0, -width % tile), (0, 0)), mode="edge")
            parts += [padded[y:y + tile, x:x + tile] for y in range(0, height, tile) for x in range(0, width, tile)]
        else:
            parts += [plane[y:y + rows] for y in range(0, height, rows)]
    pack = lambda p: (bits_of(p.reshape(len(p), -1), bits) if bits < 8 else p.astype(p.dtype.newbyteorder(e))).tobytes()
    data = [zlib.compress(pack(p), 9) if deflate else pack(p) for p in parts]
    tags = {256: (3, [width]), 257: (3, [height]), 258: (3, [bits] * samples), 259: (3, [8 if deflate else 1]),
            262: (3, [photometric]), 277: (3, [samples]), 284: (3, [planar]), 339: (3, [kind] * samples)}
    tags.update({322: (3, [tile]), 323: (3, [tile])} if tile else {278: (3, [rows])})
    if extra is not None:
        tags[338] = (3, extra)
    tags.update(more or {})
    return tiff_page(data, tags, e, big)


def bands(count, kind, height=HEIGHT, width=WIDTH):
    """Measurements by a formula that the C test has too."""
    y, x, c = np.mgrid[0:height, 0:width, 0:count]
    if kind == np.float32:
        return (0.5 * y - 0.25 * x + c).astype(np.float32)
    return ((7919 * y + 10473 * x + 12997 * c) % (256 if kind == np.uint8 else 65536)).astype(kind)


def tiff_whole(folder):
    for kind in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd", "lzma"):
        folder.add(f"rgb_{kind}.tif", encoded(SMALL, "TIFF", compression=kind))
    folder.add("rgb_jpeg.tif", encoded(picture(40, 24), "TIFF", compression="jpeg", quality=90), exact=False)
    for kind in ("group3", "group4", "tiff_ccitt"):
        folder.add(f"bits_{kind}.tif", encoded(SMALL.convert("1"), "TIFF", compression=kind))
    folder.add("grey.tif", encoded(SMALL.convert("L"), "TIFF"))
    folder.add("palette.tif", encoded(SMALL.quantize(60), "TIFF"))
    folder.add("cmyk.tif", encoded(SMALL.convert("CMYK"), "TIFF"))
    alpha = np.dstack([RGB, GREY])
    folder.add("rgb_alpha.tif", tiff_file(alpha, 2, extra=[2]), alpha=True)
    folder.add("multiplied.tif", tiff_file(np.minimum(alpha, GREY[..., None]), 2, extra=[1]), alpha=True)
    folder.add("grey_alpha.tif", tiff_file(alpha[..., 2:], 1, extra=[2]), alpha[..., 2])
    folder.add("tiles.tif", tiff_file(RGB, 2, tile=16))
    folder.add("tiles_apart.tif", tiff_file(RGB, 2, tile=16, planar=2, deflate=True))
    folder.add("apart.tif", tiff_file(RGB, 2, planar=2), RGB)
    folder.add("big_endian.tif", tiff_file(RGB, 2, e=">"))
    folder.add("big.tif", tiff_file(RGB, 2, big=True))
    for bits in (1, 2, 4):
        numbers = GREY >> (8 - bits)
        levels = (numbers * (255 // ((1 << bits) - 1))).astype(np.uint8)
        folder.add(f"grey{bits}.tif", tiff_file(numbers, 1, bits=bits))
        folder.add(f"white_is_zero{bits}.tif", tiff_file(numbers, 0, bits=bits, tile=16), 255 - levels)
        palette, of = colours(1 << bits)
        maps = (palette.T.astype(int) * 257).ravel().tolist()
        folder.add(f"palette{bits}.tif", tiff_file(of, 3, bits=bits, more={320: (3, maps)}), palette[of])
    folder.add("white_is_zero8.tif", tiff_file(GREY, 0), 255 - GREY)
    wide = bands(3, np.uint16)
    folder.add("rgb16.tif", tiff_file(wide, 2), (wide >> 8).astype(np.uint8))
    folder.add("rgb16_big_endian.tif", tiff_file(wide, 2, e=">", deflate=True), (wide >> 8).astype(np.uint8))
    folder.add("white_is_zero16.tif", tiff_file(wide[..., 0], 0), ((65535 - wide[..., 0]) >> 8).astype(np.uint8))
    for o in range(1, 9):
        folder.add(f"turn{o}.tif", tiff_file(np.asarray(picture(12, 8)), 2, more={274: (3, [o])}, e="<>"[o % 2]))
    folder.add("pages.tif", encoded(SMALL, "TIFF", save_all=True, append_images=[picture(7, 5, 3)]))
    ycbcr = np.asarray(picture(16, 8).convert("YCbCr"))
    folder.add("ycbcr.tif", tiff_file(ycbcr, 6, rows=8, more={530: (3, [1, 1])}), exact=False)
    folder.add("tail.tif", tiff_file(RGB, 2) + b"something that is not part of the picture")


def tiff_bands(folder):
    """The first four are checked by formula in the C test."""
    for name, data in {
        "bands5_u16.tif": tiff_file(bands(5, np.uint16), 1, extra=[0] * 4, tile=16, deflate=True),
        "bands7_f32.tif": tiff_file(bands(7, np.float32), 1, extra=[0] * 6, planar=2, e=">"),
        "bands12_u8.tif": tiff_file(bands(12, np.uint8), 2, extra=[0] * 9, planar=2, tile=16, more={274: (3, [6])}),
        "bands2_u8.tif": tiff_file(bands(2, np.uint8), 1, extra=[0]),
        "grey_f32.tif": tiff_file(bands(1, np.float32), 1),
        "rgb_f32.tif": tiff_file(bands(3, np.float32), 2),
        "rgbx.tif": tiff_file(bands(4, np.uint8), 2, extra=[0]),
    }.items():
        folder.add(name, data, False)


def tiff_refused(folder):
    whole = tiff_file(bands(1, np.float32), 1)
    not_finite = bands(1, np.float32)
    not_finite[3, 4] = np.nan
    jpeg = encoded(picture(40, 24), "TIFF", compression="jpeg", quality=90)
    scan = jpeg.index(b"\xff\xda")
    for name, data in {
        "cut.tif": tiff_file(RGB, 2)[:200],
        "not_finite.tif": tiff_file(not_finite, 1),
        "f64.tif": tiff_file(bands(1, np.float32).astype(np.float64), 1),
        "signed.tif": tiff_file(bands(1, np.uint8).astype(np.int16), 1),
        "lab.tif": tiff_file(RGB, 8),
        "preview.tif": tiff_file(RGB, 2, more={254: (4, [1])}),
        "damaged_jpeg.tif": jpeg[:scan + 30] + bytes(len(jpeg) - scan - 30 - 60) + jpeg[-60:],
    }.items():
        folder.add(name, data, False)


def tiff():
    folder = Folder("tiff")
    tiff_whole(folder)
    tiff_bands(folder)
    tiff_refused(folder)
    folder.close()


if __name__ == "__main__":
    png()
    webp()
    bmp()
    pnm()
    gif()
    tiff()
