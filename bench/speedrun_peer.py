"""speedrun_peer.py DATA EPOCHS THREADS VARIANT: examples/recipes/cifar10.yaml (arXiv 2404.00498) in PyTorch on the CPU, from JPEG
files in DATA/train and DATA/test to a network that is validated after each epoch. Files are decoded once, by Pillow, and kept. VARIANT:
malloc, or compile (torch.compile besides). Prints the top-1 of the last epoch and seconds of each as JSON."""
import concurrent.futures
import json
import pathlib
import sys
import time

import numpy
import PIL.Image
import torch
from torch import nn
from torch.nn import functional

BATCH, EPSILON, KEPT = 1024, 5e-4, 0.95 ** 5
RATE, MOMENTUM, DECAY, BIASES = 1.5, 0.85, 0.00133043, 64
MEAN = 255 * torch.tensor([0.4914, 0.4822, 0.4465]).view(3, 1, 1)
STD = 255 * torch.tensor([0.2470, 0.2435, 0.2616]).view(3, 1, 1)


def decode(path):
    with PIL.Image.open(path) as file:
        return numpy.asarray(file.convert("RGB"))


def pictures(folder, threads):
    """u8 of N×3×32×32, and labels."""
    classes = sorted(p for p in folder.iterdir() if p.is_dir())
    paths = [(path, label) for label, c in enumerate(classes) for path in sorted(c.iterdir())]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        pixels = numpy.stack(list(pool.map(decode, [path for path, _ in paths], chunksize=500)))
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.tensor([label for _, label in paths])


def normalised(x):
    return ((x.float() - MEAN) / STD).contiguous(memory_format=torch.channels_last)


def whitening(x):
    """The first layer: eigenvectors of 2×2 patches, each by its spread, and their negatives."""
    patches = functional.unfold(normalised(x[:5000]), 2).transpose(1, 2).reshape(-1, 12)
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / torch.sqrt(values + EPSILON)).T.flip(0).reshape(12, 3, 2, 2)
    layer = nn.Conv2d(3, 24, 2)
    layer.weight = nn.Parameter(torch.cat([filters, -filters]), requires_grad=False)
    nn.init.zeros_(layer.bias)
    return layer


def network(x):
    layers, channels = [whitening(x), nn.GELU()], 24
    for filters in (64, 256, 256):
        for pooled in (True, False):
            conv = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
            nn.init.dirac_(conv.weight.data[:channels])
            norm = nn.BatchNorm2d(filters, eps=1e-12, momentum=0.4)
            norm.weight.requires_grad = False
            layers += [conv, *[nn.MaxPool2d(2)] * pooled, norm, nn.GELU()]
            channels = filters
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(channels, 10, bias=False)).to(memory_format=torch.channels_last)


def augmented(padded, mirrored):
    """Each picture at one of 25 places, and mirrored or not."""
    n = len(padded)
    out = torch.empty(n, 3, 32, 32, dtype=torch.uint8)
    place = torch.randint(25, (n,))
    for p in range(25):
        chosen = (place == p).nonzero()[:, 0]
        out[chosen] = padded[chosen, :, p // 5:p // 5 + 32, p % 5:p % 5 + 32]
    out[mirrored] = out[mirrored].flip(-1)
    return out


def triangular(step, steps):
    peak = 0.23 * steps
    return 0.2 + 0.8 * step / peak if step < peak else 1 - 0.93 * (step - peak) / (steps - peak)


class Lookahead:
    def __init__(self, net):
        self.fast = [t for t in net.state_dict().values() if t.is_floating_point()]
        self.slow = [t.clone() for t in self.fast]

    def join(self, kept):
        with torch.no_grad():
            torch._foreach_lerp_(self.slow, self.fast, 1 - kept)
            torch._foreach_copy_(self.fast, self.slow)


def validate(net, x, y):
    net.eval()
    with torch.inference_mode():
        right = sum((net(normalised(x[at:at + BATCH])).argmax(1) == y[at:at + BATCH]).sum().item() for at in range(0, len(x), BATCH))
    net.train()
    return right / len(x)


def main(data, epochs, threads, variant):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = pictures(data / "train", threads)
    test = pictures(data / "test", threads)
    net = network(x[torch.randperm(len(x))[:5000]])
    biases = [m.bias for m in net if isinstance(m, nn.BatchNorm2d)]
    others = [p for p in net.parameters() if p.requires_grad and not any(p is b for b in biases)]
    groups = [dict(params=biases, lr=BIASES * RATE, weight_decay=DECAY / BIASES), dict(params=others, lr=RATE, weight_decay=DECAY)]
    optimizer = torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True)
    slow, padded = Lookahead(net), functional.pad(x.float(), (2,) * 4, "reflect").byte()
    forward = torch.compile(net) if variant == "compile" else net
    mirrored, per_epoch, step = torch.rand(len(x)) < 0.5, len(x) // BATCH, 0
    seconds, top1 = [], 0
    for epoch in range(epochs):
        begin = time.perf_counter()
        order, shown = torch.randperm(len(x)), augmented(padded, mirrored ^ bool(epoch % 2))
        for at in range(0, per_epoch * BATCH, BATCH):
            chosen = order[at:at + BATCH]
            for group, rate in zip(optimizer.param_groups, (BIASES * RATE, RATE)):
                group["lr"] = rate * triangular(step, epochs * per_epoch)
            loss = functional.cross_entropy(forward(normalised(shown[chosen])) / 9, y[chosen], label_smoothing=0.2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step % 5 == 0:
                slow.join(KEPT * (step / (epochs * per_epoch)) ** 3)
        if epoch == epochs - 1:
            slow.join(1)
        top1 = validate(net, *test)
        seconds.append(round(time.perf_counter() - begin, 2))
    print(json.dumps(dict(top1=round(100 * top1, 2), seconds=seconds, version=torch.__version__)))


main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
