"""finetune_peer.py WEIGHTS.pth DATA SEED THREADS: the recipe examples/recipes/hymenoptera.yaml in PyTorch, key by key; prints
the top-1 of each epoch as JSON. Weights in channels-last; pictures by Pillow, decoded once and kept."""
import json
import math
import pathlib
import random
import sys

import numpy as np
import torch
import PIL.Image
from efficientnet_lite_pytorch import EfficientNet

EPOCHS, BATCH, RATE, LAYER_DECAY, PULL, DECAY, AVERAGE, SIZE = 4, 32, 0.001, 0.8, 0.001, 1e-4, 0.9, 288
STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks of EfficientNet-Lite0
FROZEN = 5                      # the stem and the first four stages
weights, data, seed, threads = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])


# ---- pictures ----

def read(part):
    """Pictures and labels."""
    pictures = []
    for label, folder in enumerate(sorted(p for p in (data / part).iterdir() if p.is_dir())):
        for path in sorted(folder.iterdir()):
            with PIL.Image.open(path) as image:
                pictures.append((image.convert("RGB"), label))
    return pictures


def resized(image, box=None):
    pixels = np.asarray(image.resize((SIZE, SIZE), PIL.Image.BICUBIC, box=box), dtype="f4")
    return torch.from_numpy((pixels - 127) / 128).permute(2, 0, 1)


def varied(image):
    """A random part of 0.6 of the area or more, and a flip: torchvision's rule."""
    w, h = image.size
    box = (0, 0, w, h)
    for _ in range(10):
        area, aspect = w * h * random.uniform(0.6, 1), math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3)))
        wide, high = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < wide <= w and 0 < high <= h:
            left, top = random.randint(0, w - wide), random.randint(0, h - high)
            box = (left, top, left + wide, top + high)
            break
    x = resized(image.crop(box))
    return x.flip(2) if random.random() < 0.5 else x


def middle(image):
    w, h = image.size
    side = int(SIZE / (SIZE + 32) * min(w, h))
    left, top = (w - side + 1) // 2, (h - side + 1) // 2
    return resized(image.crop((left, top, left + side, top + side)))


def batches(pictures, prepare, order):
    for at in range(0, len(order), BATCH):
        chosen = [pictures[i] for i in order[at:at + BATCH]]
        x = torch.stack([prepare(image) for image, _ in chosen]).to(memory_format=torch.channels_last)
        yield x, torch.tensor([label for _, label in chosen])


# ---- the network ----

def stage_of(name):
    """0: the stem; 1 to 7: the stages; 8: the last convolution; 9: the head."""
    if name.startswith(("_conv_stem", "_bn0")):
        return 0
    if name.startswith("_blocks"):
        block, stage = int(name.split(".")[1]), 0
        while block >= STAGES[stage]:
            block, stage = block - STAGES[stage], stage + 1
        return 1 + stage
    return 9 if name.startswith("_fc") else 8


def features(network, pictures):
    kept = []
    network.eval()
    with torch.inference_mode():
        for x, _ in batches(pictures, middle, range(len(pictures))):
            kept.append(network.extract_features(x).mean((2, 3)))
    return torch.cat(kept), torch.tensor([label for _, label in pictures])


def fit_head(network, pictures):
    """A linear probe, by descent with decay on features at their mean, all scaled alike; then written for plain features."""
    x, y = features(network, pictures)
    x, y = x.clone(), y.clone()
    mean = x.mean(0)
    scale = 1 / (x - mean).square().sum(1).mean().sqrt()
    probe = torch.nn.Linear(x.shape[1], network._fc.out_features)
    torch.nn.init.zeros_(probe.weight), torch.nn.init.zeros_(probe.bias)
    optimizer = torch.optim.SGD([dict(params=[probe.weight], weight_decay=3e-4), dict(params=[probe.bias])], lr=1, momentum=0.9,
                                nesterov=True)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = optimizer.param_groups[1]["lr"] = 1 - step / 300
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(probe((x - mean) * scale), y).backward()
        optimizer.step()
    with torch.no_grad():
        network._fc.weight.copy_(probe.weight * scale)
        network._fc.bias.copy_(probe.bias - network._fc.weight @ mean)


def groups(network):
    made = []
    for name, p in network.named_parameters():
        stage = stage_of(name)
        p.requires_grad = stage >= FROZEN
        if p.requires_grad:
            made.append(dict(params=[p], name=name, scale=LAYER_DECAY ** (9 - stage), start=p.detach().clone(),
                             pull=PULL if stage < 9 else 0, weight_decay=DECAY if stage == 9 and p.ndim > 1 else 0))
    return made


def rate_at(step, steps):
    warm = steps // EPOCHS // 2  # half an epoch
    if step < warm:
        return RATE * (step + 1) / warm
    return RATE * (1 + math.cos(math.pi * (step - warm) / (steps - warm))) / 2


# ---- the training ----

def step(network, optimizer, mean, x, y, rate, done):
    for group in optimizer.param_groups:
        group["lr"] = rate * group["scale"]
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(network(x), y).backward()
    for group in optimizer.param_groups:
        p = group["params"][0]
        if group["pull"]:
            p.grad.add_(p.detach() - group["start"], alpha=group["pull"])
    optimizer.step()
    kept = min(AVERAGE, done / (done + 10))
    with torch.no_grad():
        for group in optimizer.param_groups:
            mean[group["name"]].lerp_(group["params"][0], 1 - kept)


def top1(network, mean, pictures):
    """Of the averaged weights, which are put in and taken out again."""
    own, right = {}, 0
    with torch.no_grad():
        for name, p in network.named_parameters():
            if name in mean:
                own[name] = p.clone()
                p.copy_(mean[name])
        network.eval()
        for x, y in batches(pictures, middle, range(len(pictures))):
            right += (network(x).argmax(1) == y).sum().item()
        for name, p in network.named_parameters():
            if name in mean:
                p.copy_(own[name])
    return right / len(pictures)


def main():
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    random.seed(seed)
    train, val = read("train"), read("val")
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(weights, weights_only=True))
    network._fc = torch.nn.Linear(network._fc.in_features, 2)
    network = network.to(memory_format=torch.channels_last)
    fit_head(network, train)
    optimizer = torch.optim.SGD(groups(network), lr=RATE, momentum=0.9, nesterov=True)
    mean = {g["name"]: g["params"][0].detach().clone() for g in optimizer.param_groups}
    steps, done = EPOCHS * math.ceil(len(train) / BATCH), 0
    for _ in range(EPOCHS):
        network.eval()  # batch norms by running statistics, all of them
        network._dropout.train()
        order = torch.randperm(len(train)).tolist()
        for x, y in batches(train, varied, order):
            step(network, optimizer, mean, x, y, rate_at(done, steps), done)
            done += 1
        accuracy = top1(network, mean, val)
        print(json.dumps(dict(top1=accuracy)), flush=True)


main()
