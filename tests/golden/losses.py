#!/usr/bin/env python3
"""Losses and their gradients from PyTorch in f64, one line a case, for tests/layers/losses.

    python tests/golden/losses.py     writes tests/golden/losses.txt; needs torch, torchvision

A line: LOSS ; BATCH CLASSES SCALE TARGET ; the value, then the gradient of the logits in row order. Logits are SCALE times the hash of
"logits"; targets are class numbers from the hash of "target", or distributions, labels or numbers from the hash of "targets"."""
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import sigmoid_focal_loss

from networks import uniform


def focal(x, t, gamma, alpha=None):
    """Lin et al. for a softmax; torch has none."""
    log_p = F.log_softmax(x, 1).gather(1, t[:, None])[:, 0]
    weight = 1 if alpha is None else torch.tensor(alpha, dtype=x.dtype)[t]
    return (-weight * (1 - log_p.exp()) ** gamma * log_p).mean()


def soft_focal(x, q, gamma, alpha):
    """Of a distribution each class's term, by its share."""
    log_p = F.log_softmax(x, 1)
    return -(q * torch.tensor(alpha, dtype=x.dtype) * (1 - log_p.exp()) ** gamma * log_p).sum(1).mean()


W3 = [0.5, 2.0, 1.25]
tensor = lambda v: torch.tensor(v, dtype=torch.float64)
CASES = [
    ("cross_entropy", 4, 5, 3, "class", F.cross_entropy),
    ("cross_entropy", 2, 3, 2000, "class", F.cross_entropy),
    ("cross_entropy label_smoothing=0.1", 4, 5, 3, "class", lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1)),
    ("cross_entropy class_weights=0.5,2,1.25", 5, 3, 3, "class", lambda x, t: F.cross_entropy(x, t, tensor(W3))),
    ("cross_entropy class_weights=0.5,2,1.25 label_smoothing=0.2", 5, 3, 3, "class",
     lambda x, t: F.cross_entropy(x, t, tensor(W3), label_smoothing=0.2)),
    ("cross_entropy soft_targets=true", 3, 4, 3, "soft", F.cross_entropy),
    ("cross_entropy soft_targets=true class_weights=0.5,2,1.25 label_smoothing=0.2", 4, 3, 3, "soft",
     lambda x, t: F.cross_entropy(x, t, tensor(W3), label_smoothing=0.2)),
    ("binary_cross_entropy", 3, 4, 3, "label", F.binary_cross_entropy_with_logits),
    ("binary_cross_entropy", 2, 3, 2000, "label", F.binary_cross_entropy_with_logits),
    ("binary_cross_entropy pos_weight=3", 3, 4, 3, "label",
     lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=tensor([3.0]))),
    ("binary_cross_entropy pos_weight=0.5,2,1.25", 3, 3, 3, "soft",
     lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=tensor(W3))),
    ("mse", 3, 2, 2, "number", F.mse_loss),
    ("l1", 3, 2, 2, "number", F.l1_loss),
    ("focal", 4, 5, 3, "class", lambda x, t: focal(x, t, 2)),
    ("focal gamma=0", 4, 5, 3, "class", F.cross_entropy),
    ("focal gamma=1.5 alpha=0.5,2,1.25", 4, 3, 3, "class", lambda x, t: focal(x, t, 1.5, W3)),
    ("focal soft_targets=true", 4, 5, 3, "soft", lambda x, q: soft_focal(x, q, 2, 1.0)),
    ("focal gamma=1.5 alpha=0.5,2,1.25 soft_targets=true", 4, 3, 3, "soft", lambda x, q: soft_focal(x, q, 1.5, W3)),
    ("sigmoid_focal", 3, 4, 3, "label", lambda x, t: sigmoid_focal_loss(x, t, reduction="mean")),
    ("sigmoid_focal gamma=1.5 alpha=0.6", 3, 4, 3, "label",
     lambda x, t: sigmoid_focal_loss(x, t, alpha=0.6, gamma=1.5, reduction="mean")),
]


def target(kind, batch, classes):
    if kind == "class":
        return torch.from_numpy(((uniform("target", batch) + 1) / 2 * classes).astype(np.int64))
    u = uniform("targets", batch * classes).reshape(batch, classes)
    if kind == "soft":
        u = np.abs(u) / np.abs(u).sum(1, keepdims=True)
    return torch.from_numpy((u > 0).astype(np.float64) if kind == "label" else u)


if __name__ == "__main__":
    lines = [f"# PyTorch {torch.__version__.split('+')[0]}, f64; see losses.py"]
    for text, batch, classes, scale, kind, loss in CASES:
        x = torch.from_numpy(scale * uniform("logits", batch * classes).reshape(batch, classes)).requires_grad_()
        value = loss(x, target(kind, batch, classes))
        value.backward()
        numbers = [value.item(), *x.grad.numpy().ravel()]
        lines.append(f"{text} ; {batch} {classes} {scale} {kind} ; " + " ".join(f"{v:.12g}" for v in numbers))
    pathlib.Path(__file__).with_name("losses.txt").write_text("\n".join(lines) + "\n")
