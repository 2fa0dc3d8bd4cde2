#!/usr/bin/env python3
"""stored.py - writes stored.txt beside it: the gradients of a small network by PyTorch's torch.autocast to bf16 on the CPU, and in
f64, for tests/core/plan/round_activations.c.

    python3 tests/golden/stored.py          (made with torch 2.15; numpy)

The network is convolution 1×1, batch norm, ReLU, convolution 1×1, batch norm, a residual sum with the picture and ReLU; the loss is
the sum of its result times hashed numbers, by the count. A line is a weight: its name, how many numbers, those of autocast, those of
f64. Inputs come from the integer hash of network_ops.py on both sides."""
import os

import torch
import torch.nn.functional as F

from network_ops import hashed, nchw, nhwc

torch.set_num_threads(1)
N, H, C, K = 4, 6, 16, 32


def number(index, low, high, *shape):
    count = 1
    for size in shape:
        count *= size
    return torch.from_numpy(hashed(index, count, low, high)).reshape(shape)


def gradients(dtype, autocast):
    x, r = number(0, -1, 1, N, H, H, C), number(1, -1, 1, N, H, H, C)
    w = [number(2, -0.4, 0.4, K, 1, 1, C), number(3, -0.4, 0.4, C, 1, 1, K)]
    scale, bias = [number(4, 0.5, 1.5, K), number(5, 0.5, 1.5, C)], [number(6, -0.5, 0.5, K), number(7, -0.5, 0.5, C)]
    x, r = x.to(dtype), r.to(dtype)
    w, scale, bias = ([t.to(dtype).requires_grad_(True) for t in ts] for ts in (w, scale, bias))
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        h = F.conv2d(nchw(x), nchw(w[0]))
        h = F.relu(F.batch_norm(h, None, None, scale[0], bias[0], True, 0.1, 1e-5))
        h = F.batch_norm(F.conv2d(h, nchw(w[1])), None, None, scale[1], bias[1], True, 0.1, 1e-5)
        h = F.relu(h + nchw(x).to(h.dtype))
    loss = (nhwc(h).to(dtype) * r).sum() / r.numel()
    leaves = w + scale + bias
    names = ["w0", "w1", "scale0", "scale1", "bias0", "bias1"]
    return dict(zip(names, torch.autograd.grad(loss, leaves)))


def main():
    low, exact = gradients(torch.float32, True), gradients(torch.float64, False)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "stored.txt"), "w") as out:
        for name in exact:
            for numbers in (low[name], exact[name]):
                values = numbers.double().flatten().tolist()
                print(name, len(values), " ".join("%.7g" % v for v in values), file=out)


if __name__ == "__main__":
    main()
