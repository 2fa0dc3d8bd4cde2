#!/usr/bin/env python3
"""weights.py FOVEA [FILE.pth ...]: every tensor that fovea reads is PyTorch's, by hand.

Without files it writes its own: every dtype, strided, transposed, expanded and shared storages, the legacy format, wrappers,
prefixes, other pickle protocols. Each is converted by `fovea weights convert` to .npz and .safetensors and compared bit by bit
with torch.load. Needs torch, numpy, safetensors.
"""
import json, pathlib, subprocess, sys, tempfile
import numpy as np, torch
from safetensors.torch import load_file, save_file

WIDER = {torch.int16: torch.int32, torch.uint16: torch.int32, torch.uint32: torch.int64, torch.uint64: torch.int64,
         torch.float8_e4m3fn: torch.float32, torch.float8_e5m2: torch.float32}


def convert(fovea, path, out, *more):
    done = subprocess.run([fovea, "weights", "convert", path, out, "--json", *more], capture_output=True, text=True)
    assert done.returncode == 0, (path, done.stderr)
    return json.loads(done.stdout)


def compare(fovea, path, want, folder, *more):
    out = folder / "out.safetensors"
    convert(fovea, path, out, *more)
    got = load_file(out)
    assert set(got) == set(want), (path, set(got) ^ set(want))
    for name, tensor in want.items():
        tensor = tensor.detach().contiguous()
        tensor = tensor.to(WIDER.get(tensor.dtype, tensor.dtype))
        assert got[name].dtype == tensor.dtype and got[name].shape == tensor.shape, (path, name, got[name].dtype, tensor.dtype)
        a, b = got[name].numpy(force=True) if tensor.dtype != torch.bfloat16 else got[name].view(torch.int16).numpy(), None
        b = tensor.numpy() if tensor.dtype != torch.bfloat16 else tensor.view(torch.int16).numpy()
        assert a.tobytes() == b.tobytes(), (path, name)
    if not any(t.dtype == torch.bfloat16 for t in want.values()):
        convert(fovea, path, folder / "out.npz", *more)
        with np.load(folder / "out.npz") as arrays:
            for name, tensor in want.items():
                tensor = tensor.detach().contiguous()
                assert arrays[name].tobytes() == tensor.to(WIDER.get(tensor.dtype, tensor.dtype)).numpy().tobytes(), (path, name)
    return len(want)


def made():
    torch.manual_seed(1)
    base = torch.randn(6, 8)
    every = {str(d)[6:]: (torch.randn(3, 5) * 50).to(d) for d in
             (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
              torch.uint8, torch.bool)}
    newer = {str(d)[6:]: (torch.rand(3, 5) * 50).to(d) for d in
             (torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2)}
    views = {"whole": base, "transposed": base.t(), "strided": base[::2, 1::3], "row": base[3], "shared": base[1:4],
             "expanded": base[:, :1].expand(6, 4), "empty": torch.zeros(0, 3), "scalar": torch.tensor(7),
             "parameter": torch.nn.Parameter(base[0].clone()), "channels_last": torch.randn(2, 3, 4, 5).to(
                 memory_format=torch.channels_last)}
    return every, newer, views


def main():
    fovea, files = sys.argv[1], sys.argv[2:]
    count = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in files:
            want = torch.load(path, map_location="cpu", weights_only=True)
            count += compare(fovea, path, want, folder)
        if not files:
            every, newer, views = made()
            for tensors, how in ((every, {}), (newer, {}), (views, {}), (every, {"_use_new_zipfile_serialization": False}),
                                 (views, {"_use_new_zipfile_serialization": False}), (views, {"pickle_protocol": 4}),
                                 (every, {"pickle_protocol": 5})):
                torch.save(tensors, folder / "a.pth", **how)
                count += compare(fovea, folder / "a.pth", tensors, folder)
            torch.save({"state_dict": {"module." + k: v for k, v in every.items()}, "epoch": 3}, folder / "a.pth")
            count += compare(fovea, folder / "a.pth", every, folder)
            torch.save({"model": every, "model_ema": views, "optimizer": {"state": {0: {"m": torch.ones(2)}}}}, folder / "a.pth")
            count += compare(fovea, folder / "a.pth", every, folder)
            count += compare(fovea, folder / "a.pth", views, folder, "--averaged")
            save_file({**every, **newer}, folder / "a.safetensors")
            count += compare(fovea, folder / "a.safetensors", {**every, **newer}, folder)
            np.savez_compressed(folder / "a.npz", **{k: v.numpy() for k, v in every.items() if k != "bfloat16"})
            count += compare(fovea, folder / "a.npz", {k: v for k, v in every.items() if k != "bfloat16"}, folder)
            np.savez(folder / "a.npz", f=np.asfortranarray(base := np.arange(12.).reshape(3, 4)), b=base.astype(">f4"))
            count += compare(fovea, folder / "a.npz", {"f": torch.tensor(base), "b": torch.tensor(base.astype("f4"))}, folder)
    print(f"{count} tensors, every bit the same")


main()
