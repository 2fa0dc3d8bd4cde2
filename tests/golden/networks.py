#!/usr/bin/env python3
"""Golden numbers of whole networks from PyTorch, read by tests/layers/golden.c.

    python tests/golden/networks.py [NAME...]     writes tests/golden/NAME.txt; needs torch, torchvision, numpy

Weights and inputs come from an integer hash, here and in golden.c, so a file holds only what PyTorch computes from them: logits in
both modes, every gradient, and for three steps of SGD (Nesterov momentum, weight decay) and of AdamW the losses and the changes of
all states. PyTorch computes in f64, so that the numbers are the truth and not another rounding.

A line: "clear" and 0 or 1 (see initial), or NAME COUNT SUM NORM DOT F32 N entry...   DOT is the product with the hash of "dot", F32 the norm of the error that PyTorch
itself makes in f32, which is what we are measured by; the N entries are spread evenly over the tensor (all of it for the narrow
network). Tensors are in the order of fovea: weights KRSC, pictures NHWC.
"""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

CLASSES, STEPS = 10, 3


def uniform(name, count):
    """count numbers in [-1, 1), multiples of 2^-23."""
    seed = np.uint64(0x811C9DC5)
    for byte in name.encode():
        seed = (seed ^ np.uint64(byte)) * np.uint64(0x01000193) & np.uint64(0xFFFFFFFF)
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B1) ^ np.uint32(seed)
        for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
            x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
        x ^= x >> np.uint32(16)
    return (x >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def initial(name, shape, clear):
    """The state called name, in fovea's layout, exact in f32. With `clear`, norms keep every activation clear of the kinks of ReLU
    and ReLU6: of a deep network's many thousands one would otherwise fall on the other side in f32, and nothing be comparable."""
    u = uniform(name, int(np.prod(shape))).reshape(shape)
    if name.endswith("running_mean"):
        return np.float32(0.1 * u)
    if name.endswith("running_var"):
        return np.float32(1 + 0.2 * u)
    if len(shape) > 1:  # Kaiming's bound
        return np.float32(np.sqrt(6 / np.prod(shape[1:])) * u)
    if clear:
        return np.float32(0.3 + 0.03 * u if name.endswith("weight") else np.where(u < -0.5, 7.5, 1.5) + 0.1 * u)
    return np.float32((1 if name.endswith("weight") else 0) + 0.1 * u)


def to_ours(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def load(model, dtype, clear):
    model.to(dtype)
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        shape = to_ours(tensor.numpy()).shape
        value = initial(name, shape, clear)
        tensor.copy_(torch.from_numpy(value.transpose(0, 3, 1, 2) if value.ndim == 4 else value))
    return model


def batch(step, count, size, channels, classes, dtype):
    x = uniform(f"x{step}", count * size * size * channels).reshape(count, size, size, channels).transpose(0, 3, 1, 2)
    t = ((uniform(f"target{step}", count) + 1) / 2 * classes).astype(np.int64)
    return torch.from_numpy(np.ascontiguousarray(x)).to(dtype), torch.from_numpy(t)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 20, 5, bias=False), nn.BatchNorm2d(20)
        self.conv2, self.bn2 = nn.Conv2d(20, 50, 5, bias=False), nn.BatchNorm2d(50)
        self.fc1, self.fc2 = nn.Linear(800, 500), nn.Linear(500, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        return self.fc2(F.relu(self.fc1(x.permute(0, 2, 3, 1).flatten(1))))


class SmallCnn(nn.Module):
    def __init__(self, width, channels, classes):
        super().__init__()
        for stage in range(3):
            filters, block = width << stage, nn.Module()
            block.conv1, block.bn1 = nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters)
            block.conv2, block.bn2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters)
            setattr(self, f"stage{stage + 1}", block)
            channels = filters
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        for stage in range(3):
            block = getattr(self, f"stage{stage + 1}")
            x = F.max_pool2d(x, 2) if stage else x
            x = F.relu(block.bn2(block.conv2(F.relu(block.bn1(block.conv1(x))))))
        return self.fc(x.mean((2, 3)))


# name: (make, pictures, size, channels, classes, clear of kinks, every entry)
NETWORKS = {
    "lenet": (LeNet, 4, 28, 1, CLASSES, False, False),
    "resnet18": (lambda: torchvision.models.resnet18(num_classes=CLASSES), 4, 64, 3, CLASSES, True, False),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(num_classes=CLASSES, dropout=0.0), 4, 64, 3, CLASSES, True, False),
    "narrow": (lambda: SmallCnn(2, 1, 3), 3, 8, 1, 3, False, True),
}
# Small rates, and an epsilon that gradients of rounding errors do not pass: three steps of a deep network in f32 stay near the truth.
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=3e-4, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-4, weight_decay=0.5, eps=1e-2),
}


def compute(name, dtype):
    make, count, size, channels, classes, clear, _ = NETWORKS[name]
    out = {}
    put = lambda key, tensor: out.__setitem__(key, to_ours(tensor.detach().numpy()).astype(np.float64).ravel())
    model = load(make(), dtype, clear)
    x, target = batch(1, count, size, channels, classes, dtype)
    put("evaluation/logits", model.eval()(x))
    logits = model.train()(x)
    put("logits", logits)
    F.cross_entropy(logits, target).backward()
    for key, parameter in model.named_parameters():
        put(f"gradient/{key}", parameter.grad)
    for kind, optimizer in OPTIMIZERS.items():
        model, losses = load(make(), dtype, clear).train(), []
        before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        step = optimizer(model.parameters())
        for number in range(1, STEPS + 1):
            x, target = batch(number, count, size, channels, classes, dtype)
            step.zero_grad()
            loss = F.cross_entropy(model(x), target)
            loss.backward()
            step.step()
            losses.append(loss.item())
        out[f"{kind}/losses"] = np.array(losses)
        for key, tensor in model.state_dict().items():
            if kind == "sgd" or not key.endswith(("running_mean", "running_var", "num_batches_tracked")):
                put(f"{kind}/{key}", tensor - (0 if key.endswith("tracked") else before[key]))
    return out


def line(key, value, f32, every):
    n = len(value) if every else min(len(value), 16)
    spread = value[[k * (len(value) - 1) // max(n - 1, 1) for k in range(n)]]
    numbers = [value.sum(), np.linalg.norm(value), (value * uniform("dot", len(value))).sum(), np.linalg.norm(f32 - value)]
    text = lambda v: " ".join(f"{x:.7g}" for x in v)
    return f"{key} {len(value)} {text(numbers)} {n} {text(spread)}"


def main():
    torch.manual_seed(0)
    torch.set_num_threads(2)
    names = sys.argv[1:] or NETWORKS
    for name in names:
        truth, f32 = compute(name, torch.float64), compute(name, torch.float32)
        rows = [f"# {name}: PyTorch {torch.__version__.split('+')[0]}, torchvision {torchvision.__version__.split('+')[0]}, f64; see networks.py"]
        rows += [f"clear {int(NETWORKS[name][5])}"]
        rows += [line(key, value, f32[key], NETWORKS[name][6]) for key, value in truth.items()]
        pathlib.Path(__file__).with_name(f"{name}.txt").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
