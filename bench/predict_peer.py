"""predict_peer.py torch|ort ARCH FILE PICTURE THREADS: the label of one picture by PyTorch or ONNX Runtime, with no more than that
takes. Preprocessing is torchvision's: the short side to 256, the middle 224², mean and deviation of ImageNet."""
import json
import sys

import numpy as np
import PIL.Image

kind, arch, file, picture, threads = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])


def pixels():
    with PIL.Image.open(picture) as opened:
        image = opened.convert("RGB")
    w, h = image.size
    w, h = (256, int(256 * h / w)) if w < h else (int(256 * w / h), 256)
    left, top = round((w - 224) / 2), round((h - 224) / 2)
    image = image.resize((w, h), PIL.Image.BILINEAR).crop((left, top, left + 224, top + 224))
    x = (np.asarray(image, dtype="f4") / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return x.transpose(2, 0, 1)[None].astype("f4")


def by_torch():
    import torch
    from torchvision.models import get_model
    torch.set_num_threads(threads)
    with torch.device("meta"):
        network = get_model(arch)
    network.load_state_dict(torch.load(file, weights_only=True, mmap=True), assign=True)
    with torch.inference_mode():
        return network.eval()(torch.from_numpy(pixels())).argmax().item()


def by_onnx_runtime():
    import onnxruntime
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
    return int(session.run(["logits"], {"input": pixels()})[0].argmax())


print(json.dumps(dict(label=str(by_torch() if kind == "torch" else by_onnx_runtime()))))
