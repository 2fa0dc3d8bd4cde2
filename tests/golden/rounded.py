#!/usr/bin/env python3
"""rounded.py - writes rounded.txt beside it: what PyTorch makes of f32 rounded to bf16, and of products of operands that are rounded
so and summed in f32, for tests/core/ops/rounded.c.

    python3 tests/golden/rounded.py          (made with torch 2; numpy)

Three kinds of records, of bits in hexadecimal and numbers in decimal:

    round 3f818000 3f820000                  a float, and the bf16 next to it as a float
    dot BOUND RESULT a a a a b b b b         four products, summed
    op rounded_conv2d
    case x=f32[2,7,5,3] w=f32[4,3,3,3]       inputs as those of network_ops.py, in f32
    out COUNT BOUND e e e …                  up to 32 entries, number k·count/32

Two f32 sums of n products in any order each differ from the exact one by n·2⁻²⁴ of the sum of the products' sizes at most (Higham,
Accuracy and Stability of Numerical Algorithms, 4.4): BOUND is twice that, of the largest such sum of an output. A case's operands not
rounded, or rounded towards zero, give what is 25 times farther away or more, which is checked here. Numbers below 2⁻¹²⁶ may count
as zero: in `dot` that is part of BOUND."""
import os
import re

import numpy as np
import torch

import network_ops
from network_ops import Options, hashed, shape_of

TINY = 2.0 ** -126
ROUND = """00000000 80000000 3f800000 3f807fff 3f808000 3f808001 3f817fff 3f818000 3f818001 bf808000 bf818000 3fff8000 3fffffff
00000001 00007fff 00008000 00018000 00400000 807fffff 007f7fff 007f8000 007fffff 00800000 00808000 00818000 80818000
7f7f0000 7f7f7fff 7f7f8000 7f7fffff ff7f7fff ff7f8000 ff7fffff 7f800000 ff800000 7fc00000 ffc00000 7f800001 7f80ffff ffbfffff
7fffffff""".split()
DOTS = [("3f800000 3f800000 3f800000 3f800000", "3f808000 3f818000 bf808001 3f807fff"),
        ("7f7fffff 3f800000 3f800000 3f800000", "3f800000 3f800000 3f800000 3f800000"),
        ("7f7fffff ff7fffff 3f800000 3f800000", "3f800000 3f800000 3f800000 3f800000"),
        ("7f800000 3f800000 3f800000 3f800000", "00000000 3f800000 3f800000 3f800000"),
        ("7f800000 3f800000 ff800000 3f800000", "3f800000 3f800000 3f800000 3f800000"),
        ("3f800000 7fc00000 3f800000 3f800000", "3f800000 3f800000 3f800000 3f800000"),
        ("3f800000 3f800000 7f800001 3f800000", "3f800000 3f800000 00000000 3f800000"),
        ("00800000 00800000 00400000 00018000", "3f800000 bf800000 3f800000 3f800000"),
        ("1f800000 1f810000 9f800000 1f820000", "1f800000 1f800000 1f800000 1f800000"),
        ("4b800000 3f800000 cb800000 3f810000", "3f800000 3f800000 3f800000 3f800000")]
CASES = [("rounded_conv2d", "x=f32[2,7,5,3] w=f32[4,3,3,3] bias=f32[4]"),
         ("rounded_conv2d", "x=f32[1,6,7,8] w=f32[6,3,2,4] groups=2 stride=2,1 padding=1,0,2,1"),
         ("rounded_conv2d", "x=f32[2,3,3,37] w=f32[19,1,1,37] bias=f32[19]"),
         ("rounded_conv2d_grad_input", "dy=f32[2,4,2,4] w=f32[4,3,3,3] like=f32[2,7,5,3] stride=2,2 padding=1,0,2,1"),
         ("rounded_conv2d_grad_input", "dy=f32[2,3,3,38] w=f32[38,1,1,18] like=f32[2,3,3,18]"),
         ("rounded_conv2d_grad_weights", "x=f32[9,7,5,3] dy=f32[9,4,2,4] like=f32[4,3,3,3] stride=2,2 padding=1,0,2,1"),
         ("rounded_conv2d_grad_weights", "x=f32[2,3,3,18] dy=f32[2,3,3,37] like=f32[37,1,1,18]"),
         ("rounded_linear", "x=f32[3,37] w=f32[7,37] bias=f32[7]"),
         ("rounded_linear", "x=f32[2,3,6] w=f32[17,6]"),
         ("rounded_linear_grad_input", "dy=f32[3,7] w=f32[7,33]"),
         ("rounded_linear_grad_weights", "x=f32[11,33] dy=f32[11,7]")]


def floats(bits):
    """Of words in hexadecimal."""
    return torch.from_numpy(np.array([int(b, 16) for b in bits], dtype=np.uint32).view(np.float32))


def bits(x):
    return " ".join("%08x" % b for b in x.contiguous().numpy().reshape(-1).view(np.uint32))


def rounded(x):
    return x.to(torch.bfloat16).to(torch.float32)


def cut(x):
    """Rounded towards zero."""
    return torch.from_numpy((x.numpy().view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32))


def product(op, i, o):
    """In the operands' own precision."""
    if op == "linear":
        return torch.nn.functional.linear(i["x"], i["w"], i.get("bias"))
    if op == "linear_grad_input":
        return i["dy"] @ i["w"]
    if op == "linear_grad_weights":
        return i["dy"].mT @ i["x"]
    return getattr(network_ops, op)(i, o)[0]


def inputs_of(line):
    inputs, options = {}, {}
    for token in line.split():
        name, value = token.split("=", 1)
        match = re.fullmatch(r"f32(\[[\d,]*\])", value)
        if match:
            dims = shape_of(match[1])
            values = hashed(len(inputs), int(np.prod(dims)), -1.0, 1.0).astype(np.float32)
            inputs[name] = torch.from_numpy(values.reshape(dims))
        else:
            options[name] = value
    return inputs, Options(options)


def output(op, line):
    inputs, o = inputs_of(line)
    op = op.removeprefix("rounded_")
    exact = {"bias", "like"}
    of = lambda change: {n: t if n in exact else change(t) for n, t in inputs.items()}
    y = product(op, of(rounded), o)
    size = product(op, {n: rounded(t).abs() for n, t in inputs.items()}, o).max().item()
    terms = product(op, {n: torch.ones_like(t) for n, t in inputs.items()}, o).max().item()
    bound = terms * 2.0 ** -23 * size
    for other in (lambda t: t, cut):
        assert (product(op, of(other), o) - y).abs().max().item() > 25 * bound, line
    count, values = y.numel(), y.contiguous().numpy().reshape(-1)
    entries = values if count <= 32 else [values[k * count // 32] for k in range(32)]
    return "out %d %.3g %s" % (count, bound, " ".join("%.9g" % v for v in entries))


def dot(a, b):
    a, b = floats(a.split()), floats(b.split())
    p, q = rounded(a), rounded(b)
    result = (p * q).sum()
    size = (p * q).abs().sum().item()
    bound = len(a) * (2.0 ** -23 * size + TINY) if np.isfinite(size) else 0.0
    return "dot %.9g %.9g %s %s" % (bound, result, bits(a), bits(b))


def main():
    lines = ["# Made by tests/golden/rounded.py with PyTorch %s." % torch.__version__.split("+")[0]]
    random = ["%08x" % int(v) for v in hashed(7, 64, 0.0, 4294967296.0)]
    for word in ROUND + random:
        lines.append("round %s %s" % (word, bits(rounded(floats([word])))))
    lines += [dot(a, b) for a, b in DOTS]
    op = None
    for name, line in CASES:
        if name != op:
            lines.append("op " + name)
            op = name
        lines += ["case " + line, output(name, line)]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rounded.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
