#!/usr/bin/env python3
"""network_ops.py - writes network_ops.txt beside it: what PyTorch says on the cases below, in f64, for tests/core/ops/golden.h.

    python3 tests/golden/network_ops.py          (made with torch 2; numpy)

A record is three kinds of lines:

    op conv2d
    case x=f64[2,7,5,3] w=f64[4,3,3,3] stride=2,2
    out 64 SUM DOT e e e …

a case as core/plan/selftest.h has them, then one line an output: its elements, their sum, their dot product with hashed weights,
and up to 16 entries, number k·count/16. Inputs come from the same integer hash on both sides, so that none is stored. Pictures
are NHWC and weights KRSC in cases and results; the transposes are here."""
import os
import re

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def hashed(number, count, low, high):
    """Element i of input `number`: uniform in [low, high) from a 32-bit hash of (i, number)."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(number) * np.uint32(0x85EBCA77) + np.uint32(1)
        h ^= h >> np.uint32(15)
        h *= np.uint32(0x2C1B3C6D)
        h ^= h >> np.uint32(12)
        h *= np.uint32(0x297A2D39)
        h ^= h >> np.uint32(15)
    return low + (high - low) * (h.astype(np.float64) / 4294967296.0)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def gradient(f, x, dy):
    """The gradient of f at x with respect to x, for dy."""
    x = x.detach().requires_grad_(True)
    return torch.autograd.grad(f(x), x, dy)[0]


def padded(x, p, value=0.0):
    """NCHW with top, left, bottom, right."""
    return F.pad(x, (p[1], p[3], p[0], p[2]), value=value)


# ---- the ops: inputs by name, options by name → outputs, all as the op has them ----


def conv(x, w, bias, o):
    y = F.conv2d(padded(nchw(x), o.ints("padding", 4, 0)), nchw(w), bias, tuple(o.ints("stride", 2, 1)), 0,
                 tuple(o.ints("dilation", 2, 1)), o.ints("groups", 1, 1)[0])
    return nhwc(y)


def conv2d(i, o):
    return [conv(i["x"], i["w"], i.get("bias"), o)]


def conv2d_grad_input(i, o):
    return [gradient(lambda x: conv(x, i["w"], None, o), i["like"], i["dy"])]


def conv2d_grad_weights(i, o):
    return [gradient(lambda w: conv(i["x"], w, None, o), i["like"], i["dy"])]


def linear(i, o):
    return [F.linear(i["x"], i["w"], i.get("bias"))]


def linear_grad_input(i, o):
    like = torch.zeros(*i["dy"].shape[:-1], i["w"].shape[1], dtype=torch.float64)
    return [gradient(lambda x: F.linear(x, i["w"]), like, i["dy"])]


def linear_grad_weights(i, o):
    like = torch.zeros(i["dy"].shape[-1], i["x"].shape[-1], dtype=torch.float64)
    return [gradient(lambda w: F.linear(i["x"], w), like, i["dy"])]


def matmul(i, o):
    a = i["a"].mT if o.flag("transpose_a") else i["a"]
    b = i["b"].mT if o.flag("transpose_b") else i["b"]
    return [a @ b]


def batch_norm(i, o):
    x = i["x"].movedim(-1, 1)
    mean, var = i["running_mean"].clone(), i["running_var"].clone()
    y, batch_mean, inv_std = torch.native_batch_norm(x, i["scale"], i["bias"], mean, var, True, o.number("momentum", 0.1),
                                                     o.number("epsilon", 1e-5))
    return [y.movedim(1, -1), batch_mean, inv_std, mean, var]


def batch_norm_grad(i, o):
    zeros = torch.zeros_like(i["scale"])
    dx, dscale, dbias = torch.ops.aten.native_batch_norm_backward(
        i["dy"].movedim(-1, 1).contiguous(), i["x"].movedim(-1, 1).contiguous(), i["scale"], zeros, zeros, i["mean"], i["inv_std"],
        True, 0.0, [True, True, True])
    return [dx.movedim(1, -1), dscale, dbias]


def batch_norm_inference(i, o):
    y = F.batch_norm(i["x"].movedim(-1, 1), i["mean"], i["var"], i["scale"], i["bias"], False, 0.0, o.number("epsilon", 1e-5))
    return [y.movedim(1, -1)]


def max_pool(x, o):
    p, ceil = o.ints("padding", 4, 0), o.flag("ceil")
    window, stride = o.ints("window", 2, 1), o.ints("stride", 2, 1)
    if p[:2] == p[2:]:
        return nhwc(F.max_pool2d(nchw(x), window, stride, p[:2], ceil_mode=ceil))
    assert not ceil  # PyTorch has no asymmetric border: padded here, its rule for the last window would see another picture
    return nhwc(F.max_pool2d(padded(nchw(x), p, -float("inf")), window, stride))


def max_pool2d(i, o):
    return [max_pool(i["x"], o)]


def max_pool2d_grad(i, o):
    return [gradient(lambda x: max_pool(x, o), i["x"], i["dy"])]


def avg_pool(x, o):
    p, ceil, count = o.ints("padding", 4, 0), o.flag("ceil"), o.flag("count_padding", True)
    window, stride = o.ints("window", 2, 1), o.ints("stride", 2, 1)
    if p[:2] == p[2:]:
        return nhwc(F.avg_pool2d(nchw(x), window, stride, p[:2], ceil, count))
    assert not ceil
    y = F.avg_pool2d(padded(nchw(x), p), window, stride)
    if not count:
        y = y / F.avg_pool2d(padded(torch.ones_like(nchw(x)), p), window, stride)
    return nhwc(y)


def avg_pool2d(i, o):
    return [avg_pool(i["x"], o)]


def avg_pool2d_grad(i, o):
    return [gradient(lambda x: avg_pool(x, o), i["like"], i["dy"])]


def adaptive(x, o):
    return nhwc(F.adaptive_avg_pool2d(nchw(x), o.ints("size", 2, 1)))


def adaptive_avg_pool2d(i, o):
    return [adaptive(i["x"], o)]


def adaptive_avg_pool2d_grad(i, o):
    return [gradient(lambda x: adaptive(x, o), i["like"], i["dy"])]


def global_avg_pool2d(i, o):
    return [i["x"].mean((1, 2), keepdim=True)]


def softmax(i, o):
    return [F.softmax(i["x"], o.ints("axis", 1, -1)[0])]


def log_softmax(i, o):
    return [F.log_softmax(i["x"], o.ints("axis", 1, -1)[0])]


def pad_as(x, o):
    begin, end = o.ints("begin", x.dim(), 0), o.ints("end", x.dim(), 0)
    mode = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}[o.text("mode", "constant")]
    if mode == "constant":
        return F.pad(x, [n for d in reversed(range(x.dim())) for n in (begin[d], end[d])], value=o.number("value", 0.0))
    # F.pad reflects and replicates the last two dimensions of a 4-D tensor only.
    return nhwc(F.pad(nchw(x), (begin[2], end[2], begin[1], end[1]), mode=mode))


def pad(i, o):
    return [pad_as(i["x"], o)]


def pad_grad(i, o):
    return [gradient(lambda x: pad_as(x, o), i["like"], i["dy"])]


def resized(x, o):
    size = [n or int(length * s) for n, s, length in zip(o.ints("size", 2, 0), o.numbers("scale", 2, 0.0), x.shape[1:3])]
    mode = o.text("mode", "nearest")
    align = {"align_corners": o.flag("align_corners")} if mode == "bilinear" else {}
    return nhwc(F.interpolate(nchw(x), size=size, mode=mode, **align))


def resize(i, o):
    return [resized(i["x"], o)]


def resize_grad(i, o):
    return [gradient(lambda x: resized(x, o), i["like"], i["dy"])]


# ---- cases ----

CONV = [  # x, w, options; the gradients use the same
    ("[2,7,5,3]", "[4,3,3,3]", ""),
    ("[2,7,5,3]", "[4,3,3,3]", "stride=2,2 padding=1,0,2,1"),
    ("[1,6,9,2]", "[3,2,5,2]", "stride=1,3 padding=0,4,1,2"),
    ("[3,1,1,5]", "[7,1,1,5]", ""),
    ("[1,1,1,3]", "[2,3,3,3]", "padding=1"),
    ("[2,9,8,4]", "[6,3,3,2]", "groups=2 padding=1 dilation=2,1"),
    ("[1,8,7,6]", "[6,3,3,1]", "groups=6 stride=2 padding=0,0,1,1"),
    ("[2,5,5,3]", "[6,3,2,1]", "groups=3 dilation=1,3 padding=1,2,1,1"),
    ("[1,11,10,2]", "[3,3,3,2]", "stride=3 padding=2 dilation=2"),
    ("[1,13,14,3]", "[5,7,7,3]", "stride=2 padding=3"),
    ("[2,6,7,17]", "[9,1,1,17]", "stride=2"),
    ("[2,5,6,1]", "[1,2,2,1]", "padding=3,0,1,2"),
    ("[1,9,9,4]", "[8,5,3,2]", "groups=2 stride=3,1 padding=2,1,2,1 dilation=1,2"),
]

POOL = [  # x, options
    ("[2,7,5,3]", "window=3,3 stride=2,2 padding=1"),
    ("[2,6,6,2]", "window=2 stride=2"),
    ("[1,1,1,1]", "window=1"),
    ("[1,7,8,3]", "window=3,2 stride=2,3 padding=1,0,2,1"),
    ("[1,7,8,3]", "window=3,2 stride=2,3 padding=1 ceil=true"),
    ("[1,5,5,1]", "window=2 stride=3 ceil=true"),
    ("[2,6,7,2]", "window=3 stride=2 padding=1 ceil=true"),
    ("[1,2,2,3]", "window=3 stride=2 ceil=true"),
    ("[1,5,4,2]", "window=4,2 stride=1,2 padding=2,1,2,1"),
    ("[1,12,11,5]", "window=3 stride=2 padding=0,0,1,1"),
]

ADAPTIVE = [
    ("[2,7,5,3]", "size=3,2"),
    ("[1,1,1,1]", "size=1"),
    ("[1,3,2,5]", "size=7,5"),
    ("[1,13,11,4]", "size=7"),
    ("[2,6,4,2]", "size=3,4"),
]

PAD = [
    ("[2,3,5,2]", "begin=0,1,2,0 end=0,0,3,0"),
    ("[2,3,5,2]", "begin=1,1,2,3 end=0,0,3,1 value=2.5"),
    ("[2,3,5,2]", "begin=0,2,1,0 end=0,1,4,0 mode=reflect"),
    ("[2,3,5,2]", "begin=0,4,1,0 end=0,1,9,0 mode=edge"),
    ("[1,1,1,1]", "begin=0,2,1,0 end=0,1,1,0 mode=edge"),
]

SIZES = [
    ("[2,5,7,3]", "size=9,4"),
    ("[1,1,1,2]", "size=3,5"),
    ("[1,4,3,1]", "size=1"),
    ("[1,4,6,2]", "scale=2,0.5"),
    ("[1,7,9,2]", "scale=1.5,0.4"),
    ("[1,6,5,2]", "size=13,17"),
]
RESIZE = [(x, size + mode) for x, size in SIZES for mode in ["", " mode=bilinear", " mode=bilinear align_corners=true"]]

NORM = [  # x, channels, options
    ("[4,3,5,2]", "[2]", ""),
    ("[7,3]", "[3]", "momentum=0.3"),
    ("[2,1,1,5]", "[5]", "epsilon=0.1"),
    ("[3,7,5,1]", "[1]", "epsilon=0.001 momentum=1"),
    ("[9,5,3,17]", "[17]", ""),
]

LINEAR = [("[3,5]", "[7,5]", True), ("[6]", "[4,6]", False), ("[2,3,4]", "[5,4]", True), ("[33,65]", "[17,65]", False)]

MATMUL = [
    ("[3,5]", "[5,7]", ""),
    ("[5,3]", "[5,7]", "transpose_a=true"),
    ("[3,5]", "[7,5]", "transpose_b=true"),
    ("[5,3]", "[7,5]", "transpose_a=true transpose_b=true"),
    ("[2,1,3,4]", "[3,4,2]", ""),
    ("[3,4]", "[2,3,4,2]", ""),
    ("[2,4,3]", "[1,5,4]", "transpose_a=true transpose_b=true"),
]


def product_cases():
    for n, (x, w, o) in enumerate(CONV):
        bias = " bias=f64[%d]" % shape_of(w)[0] if n % 2 == 0 else ""
        y = shape_text("conv2d", "x=f64%s w=f64%s %s" % (x, w, o))
        yield "conv2d", "x=f64%s w=f64%s%s %s" % (x, w, bias, o)
        yield "conv2d_grad_input", "dy=f64%s w=f64%s like=f64%s %s" % (y, w, x, o)
        yield "conv2d_grad_weights", "x=f64%s dy=f64%s like=f64%s %s" % (x, y, w, o)
    for x, w, biased in LINEAR:
        y = shape_text("linear", "x=f64%s w=f64%s" % (x, w))
        yield "linear", "x=f64%s w=f64%s%s" % (x, w, " bias=f64[%d]" % shape_of(w)[0] if biased else "")
        yield "linear_grad_input", "dy=f64%s w=f64%s" % (y, w)
        yield "linear_grad_weights", "x=f64%s dy=f64%s" % (x, y)
    for a, b, o in MATMUL:
        yield "matmul", "a=f64%s b=f64%s %s" % (a, b, o)


def norm_cases():
    for x, c, o in NORM:
        running = "running_mean=f64%s running_var=f64%s:0.1..2" % (c, c)
        yield "batch_norm", "x=f64%s scale=f64%s bias=f64%s %s %s" % (x, c, c, running, o)
        yield "batch_norm_grad", "x=f64%s scale=f64%s mean=f64%s inv_std=f64%s:0.5..2 dy=f64%s" % (x, c, c, c, x)
        given = "mean=f64%s var=f64%s:0.1..2" % (c, c)
        yield "batch_norm_inference", "x=f64%s scale=f64%s bias=f64%s %s %s" % (x, c, c, given, re.sub(r"momentum=\S+", "", o))
    for x in ["[3,5]", "[2,3,4] axis=1", "[5,3] axis=0", "[4,9]:-800..800", "[2,3,2,17] axis=-2"]:
        yield "softmax", "x=f64" + x
        yield "log_softmax", "x=f64" + x


def picture_cases():
    for x, o in POOL:
        y = shape_text("max_pool2d", "x=f64%s %s" % (x, o))
        yield "max_pool2d", "x=f64%s %s" % (x, o)
        yield "max_pool2d_grad", "x=f64%s dy=f64%s %s" % (x, y, o)
        for count in ["", " count_padding=false"]:
            yield "avg_pool2d", "x=f64%s %s%s" % (x, o, count)
            yield "avg_pool2d_grad", "dy=f64%s like=f64%s %s%s" % (y, x, o, count)
    for op, list_ in [("adaptive_avg_pool2d", ADAPTIVE), ("pad", PAD), ("resize", RESIZE)]:
        for x, o in list_:
            yield op, "x=f64%s %s" % (x, o)
            yield op + "_grad", "dy=f64%s like=f64%s %s" % (shape_text(op, "x=f64%s %s" % (x, o)), x, o)
    for x in ["[2,7,5,3]", "[1,1,1,1]", "[3,1,9,2]"]:
        yield "global_avg_pool2d", "x=f64" + x


# ---- reading a case, running it, writing ----


class Options:
    def __init__(self, given):
        self.given = given

    def text(self, name, default):
        return self.given.get(name, default)

    def numbers(self, name, count, default):
        values = [float(v) for v in self.given[name].split(",")] if name in self.given else [default]
        return values if len(values) == count else values * count

    def ints(self, name, count, default):
        return [int(v) for v in self.numbers(name, count, default)]

    def number(self, name, default):
        return float(self.given.get(name, default))

    def flag(self, name, default=False):
        return self.given.get(name, str(default)).lower() == "true"


def shape_of(text):
    return [int(d) for d in text.strip("[]").split(",")]


def run(op, line):
    inputs, options = {}, {}
    for token in line.split():
        name, value = token.split("=", 1)
        match = re.fullmatch(r"f64(\[[\d,]*\])(?::(.+)\.\.(.+))?", value)
        if match:
            dims = shape_of(match[1])
            low, high = (float(match[2]), float(match[3])) if match[2] else (-1.0, 1.0)
            values = hashed(len(inputs), int(np.prod(dims)), low, high)
            inputs[name] = torch.from_numpy(values.reshape(dims))
        else:
            options[name] = value
    return globals()[op](inputs, Options(options))


def shape_text(op, line):
    return "[%s]" % ",".join(str(d) for d in run(op, line)[0].shape)


def record(number, output):
    values = output.detach().contiguous().numpy().reshape(-1)
    count = len(values)
    weights = hashed(100 + number, count, -1.0, 1.0)
    entries = values if count <= 16 else [values[k * count // 16] for k in range(16)]
    return "out %d %s" % (count, " ".join("%.10g" % v for v in [values.sum(), (values * weights).sum(), *entries]))


def main():
    lines = ["# Made by tests/golden/network_ops.py with PyTorch %s." % torch.__version__.split("+")[0]]
    op = None
    for name, line in sorted([*product_cases(), *norm_cases(), *picture_cases()], key=lambda case: case[0]):
        if name != op:
            lines.append("op " + name)
            op = name
        lines.append("case " + line.strip())
        lines += [record(k, y) for k, y in enumerate(run(name, line))]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "network_ops.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
