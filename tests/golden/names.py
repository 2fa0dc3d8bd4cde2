#!/usr/bin/env python3
"""Prints a hash of the names and shapes (weights KRSC) of torchvision's state dicts, for tests/layers/arch.c: FNV-1a, 32 bits, over
the sorted lines "NAME DIM DIM …\\n".

    python tests/golden/names.py     needs torchvision"""
import torchvision

for name in ("resnet18", "resnet34", "resnet50", "mobilenet_v2"):
    lines, number = [], 0x811C9DC5
    for key, tensor in getattr(torchvision.models, name)().state_dict().items():
        shape = tensor.permute(0, 2, 3, 1).shape if tensor.dim() == 4 else tensor.shape
        lines.append(" ".join([key, *map(str, shape)]) + "\n")
    for byte in "".join(sorted(lines)).encode():
        number = (number ^ byte) * 0x01000193 & 0xFFFFFFFF
    print(f'{{ "{name}", {len(lines)}, 0x{number:08X}u }},')
