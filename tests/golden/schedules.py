#!/usr/bin/env python3
"""Learning rates from PyTorch's schedulers, one line a case, for tests/optim/schedules.

    python tests/golden/schedules.py     writes tests/golden/schedules.txt; needs torch

A line: SCHEDULE ; STEPS STEPS_PER_EPOCH WARMUP PER_EPOCH ; a rate a step, base rate 0.1."""
import pathlib

import torch
from torch.optim import lr_scheduler as S

BASE = 0.1


def rates(make, steps, every=1):
    """The rate of each step; the scheduler is stepped once every so many steps."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler, out = make(optimizer), []
    for step in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0 and step + 1 < steps:
            scheduler.step()
    return out


def warmed(warmup, make):
    """Linear warm-up, then another scheduler, as torchvision's reference training joins them."""
    def both(optimizer):
        ramp = S.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return S.SequentialLR(optimizer, [ramp, make(optimizer)], milestones=[warmup])
    return both


CASES = [
    ("constant", 4, 2, 0, 0, lambda o: S.LambdaLR(o, lambda t: 1)),
    ("step every=2 gamma=0.3", 20, 3, 0, 0, lambda o: S.StepLR(o, 6, 0.3)),
    ("step milestones=2,3,5", 21, 3, 0, 1, lambda o: S.MultiStepLR(o, [2, 3, 5])),
    ("step every=1 gamma=0.95", 8, 2, 0, 1, lambda o: S.ExponentialLR(o, 0.95)),
    ("cosine", 12, 4, 0, 0, lambda o: S.CosineAnnealingLR(o, 12)),
    ("cosine final=0.05", 12, 4, 0, 1, lambda o: S.CosineAnnealingLR(o, 3, eta_min=0.05 * BASE)),
    ("cosine", 15, 5, 4, 0, warmed(4, lambda o: S.CosineAnnealingLR(o, 11))),
    ("one_cycle", 30, 10, 0, 0, lambda o: S.OneCycleLR(o, BASE, total_steps=30)),
    ("one_cycle pct_start=0.2 div_factor=10 final_div_factor=100", 25, 5, 0, 0,
     lambda o: S.OneCycleLR(o, BASE, total_steps=25, pct_start=0.2, div_factor=10, final_div_factor=100)),
]

if __name__ == "__main__":
    lines = [f"# PyTorch {torch.__version__.split('+')[0]}; see schedules.py"]
    for text, steps, per_epoch, warmup, by_epoch, make in CASES:
        values = rates(make, steps, per_epoch if by_epoch else 1)
        lines.append(f"{text} ; {steps} {per_epoch} {warmup} {by_epoch} ; " + " ".join(f"{v:.12g}" for v in values))
    pathlib.Path(__file__).with_name("schedules.txt").write_text("\n".join(lines) + "\n")
