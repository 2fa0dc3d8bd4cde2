#!/usr/bin/env python3
"""basic_ops.py - writes basic_ops.txt beside it: what PyTorch and numpy say about the ops that combine and move elements,
in f64, for tests/core/ops/values.h: values at kinks and ties, of NaN and of infinities among them.

    python3 tests/golden/basic_ops.py          (made with torch 2; numpy)

A record is written out in full:

    op maximum
    case                                       and options, if any
    in f64[3] 1 2 3                            one line an input
    out f64[3] 1 2 3                           one line an output
    grad 0 1 2 3                               of input 0, for dy = 1 2 3 4 5 1 2 3 …
    grad2 0 1 2 3                              of that gradient in its turn, for the same weights

Gradients are PyTorch's; of ops that only move elements, numpy's, by moving the elements' numbers."""
import math
import os

import numpy as np
import torch
import torch.nn.functional as F

NAN, INF = math.nan, math.inf
KINKS = [-4.0, -3.0, -2.5, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 3.0, 4.0, 6.0, 7.5]
FAR = [-800.0, -40.0, 40.0, 800.0]
BEYOND = [NAN, INF, -INF]

records = {}  # by op: its lines, all cases together
lines = None  # those of the op at hand


def number(v):
    v = float(v)
    return "nan" if math.isnan(v) else "%d" % v if math.isfinite(v) and v == int(v) else "%.16g" % v


def text(values):
    return "".join(" " + number(v) for v in np.asarray(values).reshape(-1))


def typed(array):
    name = {"float64": "f64", "float32": "f32", "int64": "i64", "int32": "i32", "uint8": "u8", "bool": "bool"}[str(array.dtype)]
    return "%s[%s]%s" % (name, ",".join(map(str, array.shape)), text(array))


def weights(shape):
    return torch.arange(int(np.prod(shape)), dtype=torch.float64).remainder(5).add(1).reshape(shape)


def begin(op, options):
    global lines
    lines = records.setdefault(op, ["op " + op])
    lines.append(("case " + options).strip())


def smooth(op, f, *inputs, options="", grads=None, twice=False):
    """f by PyTorch; `grads`: which inputs get a gradient (None: all)."""
    begin(op, options)
    x = [torch.tensor(i, dtype=torch.float64, requires_grad=True) if not isinstance(i, torch.Tensor) else i for i in inputs]
    y = f(*x)
    lines.extend("in " + typed(i.detach().numpy()) for i in x)
    lines.append("out " + typed(y.detach().numpy()))
    wanted = [k for k in (range(len(x)) if grads is None else grads) if x[k].is_floating_point()]
    if not wanted:
        return
    dx = torch.autograd.grad((y * weights(y.shape)).sum(), [x[k] for k in wanted], create_graph=twice)
    lines.extend("grad %d%s" % (k, text(d.detach().numpy())) for k, d in zip(wanted, dx))
    if twice:
        second = torch.autograd.grad(sum((d * weights(d.shape)).sum() for d in dx), [x[k] for k in wanted])
        lines.extend("grad2 %d%s" % (k, text(d.numpy())) for k, d in zip(wanted, second))


def plain(op, outputs, *inputs, options=""):
    """Values by numpy, no gradient."""
    begin(op, options)
    lines.extend("in " + typed(np.asarray(i)) for i in inputs)
    lines.extend("out " + typed(np.asarray(y)) for y in outputs)


def moving(op, f, *shapes, options="", likes=()):
    """f moves elements: run on their numbers, whose gradients are where they went. `likes`: shapes of further inputs."""
    begin(op, options)
    start, inputs, into = 0, [], []
    for shape in shapes:
        count = int(np.prod(shape))
        into.append(np.arange(start, start + count).reshape(shape))
        inputs.append(into[-1] * 0.5)
        start += count
    lines.extend("in " + typed(i) for i in inputs)
    lines.extend("in " + typed(np.zeros(shape)) for shape in likes)
    moved = f(*into)
    moved = moved if isinstance(moved, list) else [moved]
    lines.extend("out " + typed(np.asarray(y * 0.5)) for y in moved)
    gradient = np.zeros(start)
    for y in moved:
        np.add.at(gradient, y.reshape(-1), weights(y.shape).numpy().reshape(-1))
    for k, i in enumerate(into):
        lines.append("grad %d%s" % (k, text(gradient[i])))


def activations():
    for op, f in [("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("silu", F.silu), ("gelu", F.gelu), ("erf", torch.erf),
                  ("softplus", lambda x: torch.logaddexp(x, torch.zeros_like(x))), ("exp", torch.exp),
                  ("square", torch.square)]:
        smooth(op, f, KINKS, twice=True)
        if op not in ("exp", "square"):
            smooth(op, f, FAR)
    smooth("gelu", lambda x: F.gelu(x, approximate="tanh"), KINKS, options="approximate=tanh", twice=True)
    for op, f in [("relu", F.relu), ("relu6", F.relu6), ("hard_swish", F.hardswish), ("abs", torch.abs),
                  ("hard_sigmoid", lambda x: F.relu6(x + 3) / 6)]:  # F.hardsigmoid's slope is 1/6 rounded to f32
        smooth(op, f, KINKS)
    for op, f in [("relu", F.relu), ("relu6", F.relu6)]:
        smooth(op, f, BEYOND)
    smooth("abs", torch.abs, [INF, -INF])
    smooth("leaky_relu", F.leaky_relu, KINKS)
    smooth("leaky_relu", lambda x: F.leaky_relu(x, 0.25), KINKS, options="slope=0.25")
    smooth("log", torch.log, [0.0, 0.25, 1.0, 3.0])
    smooth("sqrt", torch.sqrt, [0.0, 0.25, 1.0, 3.0])
    smooth("neg", torch.neg, KINKS)
    smooth("clamp", lambda x: x.clamp(-0.5, 1.0), KINKS + BEYOND, options="min=-0.5 max=1")
    smooth("clamp", lambda x: x.clamp(min=2.0), KINKS, options="min=2")
    plain("sign", [np.sign(KINKS + BEYOND)], KINKS + BEYOND)
    plain("floor", [np.floor(KINKS)], KINKS)


def arithmetic():
    a, b = [[[1.0, -2.0, 0.5, 4.0]], [[3.0, 0.25, -1.0, 2.0]]], [[2.0], [-0.5], [1.0]]
    for op, f in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div), ("minimum", torch.minimum),
                  ("maximum", torch.maximum)]:
        smooth(op, f, a, b, twice=op in ("mul", "div"))
        smooth(op, f, 1.5, [1.0, 1.5, 2.0])
    for op, f in [("minimum", torch.minimum), ("maximum", torch.maximum)]:
        smooth(op, f, [1.0, 2.0, INF, NAN, 1.0, NAN], [1.0, 3.0, INF, 1.0, NAN, NAN], grads=[])
    base, exponent = [0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.5, 1.0], [0.0, 2.0, 1.0, 0.5, 0.0, -1.5, 3.0, 7.0]
    smooth("pow", torch.pow, base, exponent)
    smooth("pow", torch.pow, [0.5, 1.5, 2.0], [2.0, -0.5, 3.0], twice=True)
    smooth("pow", torch.pow, [-2.0, -2.0, -1.0], [2.0, 3.0, -3.0], grads=[0])
    c = torch.tensor([[True], [False]])
    smooth("where", torch.where, c, [1.0, 2.0, 3.0], 4.0)
    smooth("where", torch.where, torch.tensor([True, False]), [1.0, NAN], [NAN, 2.0])


def logic():
    a, b = np.array([1.0, 2.0, 3.0, NAN, NAN, INF]), np.array([1.0, 3.0, 2.0, NAN, 1.0, INF])
    for op, f in [("equal", np.equal), ("not_equal", np.not_equal), ("less", np.less), ("less_equal", np.less_equal),
                  ("greater", np.greater), ("greater_equal", np.greater_equal)]:
        plain(op, [f(a, b)], a, b)
        plain(op, [f(np.array([[1], [2]]), np.array([1, 2, 3]))], np.array([[1], [2]]), np.array([1, 2, 3]))
    p, q = np.array([True, True, False, False]), np.array([True, False, True, False])
    plain("logical_and", [p & q], p, q)
    plain("logical_or", [p | q], p, q)
    plain("logical_not", [~p], p)
    fractions = np.array([-2.7, -1.5, -0.5, 0.5, 1.5, 2.5, 200.9])
    for name, dtype in [("i32", np.int32), ("i64", np.int64), ("bool", bool), ("f32", np.float32)]:
        plain("cast", [fractions.astype(dtype)], fractions, options="dtype=" + name)
    plain("cast", [np.array([200, 255, 0, 0, 127], np.uint8)], np.array([200.9, 300.0, -3.0, NAN, 127.5]), options="dtype=u8")
    plain("one_hot", [np.eye(4, dtype=np.float32)[[2, 0, 3]]], np.array([2, 0, 3]), options="classes=4")
    plain("one_hot", [np.array([[0, 0], [0, 1], [0, 0]], np.float32)], np.array([-1, 1, 2]), options="classes=2")
    plain("one_hot", [np.eye(3)[[[2], [1]]]], np.array([[2], [1]], np.int32), options="classes=3 dtype=f64")


def reductions():
    x = [[[1.0, 3.0, 3.0, -2.0], [0.5, 0.5, 0.5, 0.5], [-1.0, -3.0, 2.0, 2.0]],
         [[4.0, 3.0, 4.0, 4.0], [0.0, 1.0, 2.0, 3.0], [5.0, 5.0, -5.0, 5.0]]]
    for options, axes, keep in [("axes=1", (1,), False), ("", (0, 1, 2), False), ("axes=0,-1 keepdims=true", (0, 2), True),
                                ("axis=-1", (2,), False), ("axes=-1,1", (1, 2), False)]:
        for op, f in [("sum", torch.sum), ("mean", torch.mean), ("max", torch.amax), ("min", torch.amin)]:
            smooth(op, lambda t, f=f: f(t, dim=axes, keepdim=keep), x, options=options)
        smooth("variance", lambda t: t.var(dim=axes, keepdim=keep, correction=0), x, options=options, twice=True)
        smooth("variance", lambda t: t.var(dim=axes, keepdim=keep), x, options=(options + " unbiased=true").strip())
    for options, axis, keep in [("axes=1", 1, False), ("axis=-1 keepdims=true", 2, True), ("", None, False),
                                ("axes=0", 0, False)]:
        plain("argmax", [np.argmax(np.array(x), axis=axis, keepdims=keep)], x, options=options)
    plain("argmax", [np.argmax(np.array([1.0, NAN, 3.0, NAN]))], [1.0, NAN, 3.0, NAN])
    plain("max", [np.max(np.array([1.0, NAN, 3.0]))], [1.0, NAN, 3.0])
    plain("min", [np.min(np.array([1.0, NAN, 3.0]))], [1.0, NAN, 3.0])
    plain("sum", [np.sum(np.arange(5))], np.arange(5))
    plain("sum", [np.zeros(2)], np.zeros((0, 2)), options="axes=0")
    for like in [(3, 1), (4,), (), (2, 1, 4), (1, 1, 1)]:
        zeros = torch.zeros(like, dtype=torch.float64)
        smooth("sum_like", lambda t, l: t.sum_to_size(l.shape) if l.dim() else t.sum(), x, zeros, grads=[0])


def movements():
    moving("reshape", lambda a: a.reshape(2, 6), (2, 3, 2), options="dims=0,-1")
    moving("reshape", lambda a: a.reshape(3, 4), (2, 3, 2), options="dims=3,4")
    moving("reshape", lambda a: a.reshape(()), (1, 1), options="dims=")
    moving("unsqueeze", lambda a: np.expand_dims(a, (1, 3)), (2, 3), options="axes=1,-1")
    moving("squeeze", lambda a: np.squeeze(a, (1, 3)), (2, 1, 3, 1), options="axes=1,-1")
    for axes in [(0, 2, 1), (2, 0, 1), (1, 2, 0)]:
        moving("transpose", lambda a: a.transpose(axes), (2, 3, 4), options="axes=%d,%d,%d" % axes)
    moving("transpose", lambda a: a.T, (2, 3, 4))
    for options, cut in [("begin=1 end=4", np.s_[1:4]), ("begin=-1 end=-6 step=-2", np.s_[-1:-6:-2]), ("step=-1", np.s_[::-1]),
                         ("begin=3 end=-99 step=-1", np.s_[3::-1]), ("begin=-99 end=99 step=2", np.s_[-99:99:2]),
                         ("begin=4 end=2", np.s_[4:2]), ("begin=5 step=-4", np.s_[5::-4])]:
        moving("slice", lambda a: a[cut], (7, 2), options=options)
    moving("slice", lambda a: a[:, -2:, ::-1], (2, 3, 4), options="axes=1,2 begin=-2,99 end=99,-99 step=1,-1")
    moving("broadcast_to", lambda a: np.broadcast_to(a, (2, 3, 4)), (3, 1), options="dims=2,0,4")
    moving("expand_like", lambda a: np.broadcast_to(a, (2, 3, 4)), (3, 1), likes=[(2, 3, 4)])
    moving("reshape_like", lambda a: a.reshape(4, 3), (2, 6), likes=[(4, 3)])
    moving("concat", lambda a, b, c: np.concatenate([a, b, c], -1), (2, 1), (2, 3), (2, 2))
    moving("concat", lambda a, b: np.concatenate([a, b], 0), (1, 2), (3, 2), options="axis=0")
    moving("split", lambda a: np.split(a, [1, 4], 1), (2, 6, 2), options="axis=1 sizes=1,3,2")
    moving("split_like", lambda a: np.split(a, [1], 0), (3, 2), options="axis=0", likes=[(1, 2), (2, 2)])


def main():
    for part in (activations, arithmetic, logic, reductions, movements):
        part()
    versions = (torch.__version__.split("+")[0], np.__version__)
    head = "# Made by tests/golden/basic_ops.py with PyTorch %s and numpy %s." % versions
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "basic_ops.txt"), "w") as file:
        file.write("\n".join([head] + [line for name in sorted(records) for line in records[name]]) + "\n")


if __name__ == "__main__":
    main()
