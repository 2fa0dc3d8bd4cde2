"""head_peer.py loop|features WEIGHTS.pth DATA EPOCHS THREADS: a new last layer of EfficientNet-Lite0 in PyTorch, the backbone as it
is. loop: every epoch sends every picture through the backbone; features: once. Prints the top-1 on val as JSON."""
import json
import pathlib
import sys

import numpy as np
import PIL.Image
import torch
from efficientnet_lite_pytorch import EfficientNet

SIZE, BATCH, RATE = 224, 32, 0.1
variant, weights, data, epochs, threads = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)
torch.manual_seed(0)


def pictures(part):
    """The middles of all pictures, normalised, and their labels."""
    made, labels = [], []
    for label, folder in enumerate(sorted(p for p in (data / part).iterdir() if p.is_dir())):
        for path in sorted(folder.iterdir()):
            with PIL.Image.open(path) as file:
                image = file.convert("RGB")
            w, h = image.size
            side = int(SIZE / (SIZE + 32) * min(w, h))
            left, top = (w - side + 1) // 2, (h - side + 1) // 2
            image = image.resize((SIZE, SIZE), PIL.Image.BICUBIC, box=(left, top, left + side, top + side))
            made.append(torch.from_numpy((np.asarray(image, dtype="f4") - 127) / 128).permute(2, 0, 1))
            labels.append(label)
    return torch.stack(made).to(memory_format=torch.channels_last), torch.tensor(labels)


network = EfficientNet.from_name("efficientnet-lite0")
network.load_state_dict(torch.load(weights, weights_only=True))
network = network.eval().to(memory_format=torch.channels_last)


def features(x):
    with torch.inference_mode():
        parts = [network.extract_features(x[at:at + BATCH]).mean((2, 3)) for at in range(0, len(x), BATCH)]
    return torch.cat(parts).clone()


x, y = pictures("train")
if variant == "features":
    x = features(x)
head = torch.nn.Linear(network._fc.in_features, int(y.max()) + 1)
optimizer = torch.optim.SGD(head.parameters(), lr=RATE, momentum=0.9)
for epoch in range(epochs):
    order = torch.randperm(len(x))
    for at in range(0, len(x), BATCH):
        chosen = order[at:at + BATCH]
        f = x[chosen] if variant == "features" else features(x[chosen].contiguous(memory_format=torch.channels_last))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(f), y[chosen]).backward()
        optimizer.step()
x, y = pictures("val")
with torch.no_grad():
    right = (head(features(x)).argmax(1) == y).float().mean().item()
print(json.dumps(dict(top1=round(100 * right, 2))))
