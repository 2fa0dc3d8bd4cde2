#!/usr/bin/env python3
"""Golden maps of explanations from PyTorch, read by tests/predict/explain/explain.c.

    python tests/golden/explain.py     writes tests/golden/explain.txt; needs torch, torchvision, numpy

The network is "narrow" of networks.py in evaluation, in f64, with the first picture of its first batch; asked about is class 2. The
methods are written here from their papers, by autograd where fovea appends nodes to its graph. A line: NAME and 64 numbers.
"""
import pathlib

import torch
import torch.nn.functional as F

import networks

OUTPUT, SIZE, STEPS, WINDOW, STRIDE = 2, 8, 32, 3, 2


def maps_and_gradients(model, x):
    for stage in range(3):
        block = getattr(model, f"stage{stage + 1}")
        x = F.max_pool2d(x, 2) if stage else x
        x = F.relu(block.bn2(block.conv2(F.relu(block.bn1(block.conv1(x))))))
    maps = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(model.fc(maps.mean((2, 3)))[0, OUTPUT], maps)
    return maps.detach()[0], gradient[0]


def enlarge(small):
    return F.interpolate(small[None, None], size=(SIZE, SIZE), mode="bilinear", align_corners=False)[0, 0]


def gradcam(model, x):
    maps, g = maps_and_gradients(model, x)
    return enlarge(torch.relu((g.mean((1, 2))[:, None, None] * maps).sum(0)))


def gradcam_pp(model, x):
    maps, g = maps_and_gradients(model, x)
    alpha = g**2 / (2 * g**2 + maps.sum((1, 2))[:, None, None] * g**3 + 1e-6)
    weights = (torch.where(g != 0, alpha, torch.zeros_like(g)) * torch.relu(g)).sum((1, 2))
    return enlarge(torch.relu((weights[:, None, None] * maps).sum(0)))


def integrated_gradients(model, x):
    total = torch.zeros_like(x)
    for step in range(STEPS):
        at = ((step + 0.5) / STEPS * x).requires_grad_()
        total += torch.autograd.grad(model(at)[0, OUTPUT], at)[0]
    return (total / STEPS * x).abs().sum(1)[0]


def occlusion(model, x):
    total, covered = torch.zeros(SIZE, SIZE, dtype=x.dtype), torch.zeros(SIZE, SIZE)
    score = lambda image: torch.softmax(model(image), 1)[0, OUTPUT].item()
    whole = score(x)
    for top in range(0, SIZE, STRIDE):
        for left in range(0, SIZE, STRIDE):
            image = x.clone()
            image[..., top : top + WINDOW, left : left + WINDOW] = 0
            total[top : top + WINDOW, left : left + WINDOW] += whole - score(image)
            covered[top : top + WINDOW, left : left + WINDOW] += 1
    return total / covered


def main():
    make, count, size, channels, classes, clear, _ = networks.NETWORKS["narrow"]
    model = networks.load(make(), torch.float64, clear).eval()
    x, _ = networks.batch(0, count, size, channels, classes, torch.float64)
    lines = [f"# PyTorch {torch.__version__}, f64; see explain.py"]
    for method in (gradcam, gradcam_pp, integrated_gradients, occlusion):
        values = method(model, x[:1]).flatten().tolist()
        lines.append(" ".join([method.__name__] + [f"{v:.7g}" for v in values]))
    path = pathlib.Path(__file__).with_name("explain.txt")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
