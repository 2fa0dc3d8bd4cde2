"""weights.py: files of weights, sound and hostile, into tests/fuzz/corpus/{pth,pickle,npz,safetensors,keras}: seeds of the fuzz
targets and cases of tests/core/formats. Needs torch, numpy, h5py. Values are 0, 1, 2, … unless said otherwise."""
import argparse, io, json, os, pathlib, pickle, struct, zipfile, zlib
import numpy as np, torch
from collections import OrderedDict

ROOT = pathlib.Path(__file__).resolve().parent.parent / "fuzz" / "corpus"


def put(kind, name, data):
    folder = ROOT / kind
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def saved(what, **how):
    out = io.BytesIO()
    torch.save(what, out, **how)
    return out.getvalue()


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def checkpoints():
    ramp = torch.arange(6.)
    plain = OrderedDict(a=ramp.reshape(2, 3).clone(), b=torch.tensor(7), h=torch.tensor([1.5, -2]).half())
    base = torch.arange(24.).reshape(4, 6)
    views = OrderedDict(t=base.t(), s=base[1::2, ::3], e=base[:1, :1].expand(2, 2), empty=torch.zeros(0, 3))
    wrapped = {"state_dict": {"module." + k: v for k, v in plain.items()}, "epoch": 3,
               "state_dict_ema": {"module." + k: v + 100 for k, v in plain.items()}}
    put("pth", "plain.pth", saved(plain))
    put("pth", "views.pth", saved(views))
    put("pth", "wrapped.pth", saved(wrapped))
    put("pth", "legacy.pth", saved(plain, _use_new_zipfile_serialization=False))
    put("pth", "legacy_views.pth", saved(views, _use_new_zipfile_serialization=False))
    put("pth", "protocol4.pth", saved(plain, pickle_protocol=4))
    put("pth", "compiled.pth", saved({"_orig_mod.module.a": ramp}))
    put("pth", "parameter.pth", saved({"a": torch.nn.Parameter(ramp)}))
    put("pth", "new_dtypes.pth", saved({"a": torch.arange(3).to(torch.uint16), "f": torch.tensor([1.5, -448]).to(torch.float8_e4m3fn),
                                        "g": torch.tensor([1.5, -57344]).to(torch.float8_e5m2), "c": torch.arange(3).to(torch.int16)}))
    put("pth", "unknown_entry.pth", saved({"one": {"a": ramp}, "two": {"a": ramp}}))
    put("pth", "nothing.pth", saved({"epoch": 3, "loss": 0.5}))
    put("pth", "tensor.pth", saved(ramp))
    put("pth", "module.pth", saved(torch.nn.Linear(2, 1)))
    put("pth", "complex.pth", saved({"a": torch.zeros(2, dtype=torch.complex64)}))
    put("pth", "namespace.pth", saved({"state_dict": plain, "args": argparse.Namespace(lr=.1)}))
    put("pth", "calls_system.pth", saved({"state_dict": plain, "extra": Call(os.system, "true")}))
    put("pth", "calls_eval.pth", saved({"state_dict": plain, "extra": Call(eval, "1")}))
    put("pth", "legacy_calls_system.pth", saved({"a": ramp, "x": Call(os.system, "true")}, _use_new_zipfile_serialization=False))
    whole = saved(plain)
    put("pth", "cut.pth", whole[:len(whole) // 2])
    put("pth", "legacy_cut.pth", saved(plain, _use_new_zipfile_serialization=False)[:-9])
    at = whole.index(struct.pack("<6f", *range(6)))
    put("pth", "flipped.pth", whole[:at + 2] + bytes([whole[at + 2] ^ 1]) + whole[at + 3:])
    pickled = archive_member(whole, "data.pkl")
    for name, data in pickles(pickled).items():
        put("pickle", name, data)
    put("pth", "beyond.pth", rewrapped(pickles(pickled)["beyond"]))
    put("pth", "huge_shape.pth", rewrapped(pickles(pickled)["huge_shape"]))
    put("pth", "deflated.pth", rewrapped(pickled, zipfile.ZIP_DEFLATED))
    put("pth", "no_storage.pth", rewrapped(pickled, storages=False))
    put("pth", "two_members.pth", rewrapped(pickled, twice=True))


def archive_member(data, end):
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        return z.read(next(n for n in z.namelist() if n.endswith(end)))


def rewrapped(pickled, how=zipfile.ZIP_STORED, storages=True, twice=False):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as z:
        for _ in range(1 + twice):
            z.writestr(zipfile.ZipInfo("x/data.pkl"), pickled, how)
        for key in range(3 if storages else 0):
            z.writestr(zipfile.ZipInfo(f"x/data/{key}"), bytes(64), how)
    return out.getvalue()


def tensor_pickle(offset, size, stride, count=6, name=b"a"):
    """A state dict of one tensor on storage "0", by hand."""
    def number(n):
        return b"\x8a\x08" + struct.pack("<q", n)

    def numbers(ns):
        return b"(" + b"".join(map(number, ns)) + b"t"
    text = lambda t: b"X" + struct.pack("<I", len(t)) + t
    return (b"\x80\x02}" + text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + text(b"storage") + b"ctorch\nFloatStorage\n" +
            text(b"0") + text(b"cpu") + number(count) + b"tQ" + number(offset) + numbers(size) + numbers(stride) +
            b"\x89)tRs.")


def pickles(sound):
    return {
        "sound": sound, "by_hand": tensor_pickle(0, [2, 3], [3, 1]), "beyond": tensor_pickle(11, [2, 3], [3, 1]),
        "huge_shape": tensor_pickle(0, [1 << 40, 1 << 40], [0, 0]), "negative": tensor_pickle(0, [2, -3], [3, 1]),
        "negative_stride": tensor_pickle(5, [2, 3], [-3, -1]), "expanded": tensor_pickle(0, [1 << 40], [0]),
        "many_elements": tensor_pickle(0, [2], [1], count=1 << 60), "nul_name": tensor_pickle(0, [2], [1], name=b"a\0b"),
        "recursive": b"\x80\x02}q\0X\1\0\0\0ah\0s.", "deep": b"\x80\x02" + b"(" * 2000 + b".",
        "memo_leap": b"\x80\x02}r\xff\xff\xff\x7f.", "unknown_opcode": b"\x80\x02I5\n.", "cut": sound[:len(sound) // 2],
        "empty_stack": b"\x80\x02.", "call_of_text": b"\x80\x02X\1\0\0\0a)R.", "text_too_long": b"\x80\x02X\xff\xff\xff\x7fa.",
        "calls": b"\x80\x02cposix\nsystem\nX\4\0\0\0true\x85R.", "stack_global": b"\x80\x04\x8c\5posix\x8c\6system\x93\x8c\4true\x85R.",
        "numbers": pickle.dumps({"i": [0, 255, 65535, -1, 1 << 40, 1 << 90], "f": 0.5, "b": [True, False, None], "y": b"yz"}, 4),
    }


def npz():
    out = io.BytesIO()
    np.savez(out, a=np.arange(6, dtype="f4").reshape(2, 3), b=np.int64(7), f=np.asfortranarray(np.arange(6.).reshape(2, 3)),
             big=np.arange(3, dtype=">f4"), h=np.array([1.5, -2], "f2"), t=np.array([True, False]), empty=np.zeros((0, 3)))
    put("npz", "plain.npz", out.getvalue())
    out = io.BytesIO()
    np.savez_compressed(out, a=np.arange(6, dtype="f4").reshape(2, 3))
    put("npz", "packed.npz", out.getvalue())
    out = io.BytesIO()
    np.savez_compressed(out, a=np.zeros(1 << 22, "f4"))
    put("npz", "bomb.npz", out.getvalue())
    out = io.BytesIO()
    np.savez(out, a=np.array([{}], dtype=object))
    put("npz", "objects.npz", out.getvalue())
    array = io.BytesIO()
    np.save(array, np.arange(6, dtype="f4").reshape(2, 3))
    put("npz", "array", array.getvalue())
    for name, header in {"short": "{'descr': '<f4', 'fortran_order': False, 'shape': (100,), }", "no_shape": "{'descr': '<f4', }",
                         "huge": "{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775807, 9, ), }",
                         "records": "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "open": "{'descr': '<f4"}.items():
        put("npz", "array_" + name, b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.encode() + bytes(24))


def safetensors():
    def file(header, data=b"", length=None):
        text = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
        return struct.pack("<Q", len(text) if length is None else length) + text + data

    def entry(dtype, shape, begin, end):
        return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    a = np.arange(6, dtype="f4").tobytes()
    good = {"__metadata__": {"license": "mit", "note": "caf\u00e9"}, "z": entry("F32", [2, 3], 0, 24), "scalar": entry("I64", [], 24, 32),
            "empty": entry("F32", [0, 3], 32, 32), "bf": entry("BF16", [1], 32, 34), "flag": entry("BOOL", [2], 34, 36)}
    data = a + struct.pack("<q", -5) + b"\x40\x40\1\0"
    one = {"a": entry("F32", [2, 3], 0, 24)}
    text = json.dumps(one, separators=(",", ":")).encode()
    files = {
        "good": file(good, data), "padded": file(json.dumps(good).encode() + b" " * 37, data), "none": file({}),
        "gap": file({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)}, bytes(12)),
        "overlap": file({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)),
        "longer": file(one, a + b"x"), "shorter": file(one, a[:-1]), "wrong_size": file({"a": entry("F32", [2, 2], 0, 24)}, a),
        "backwards": file({"a": entry("F32", [2, 3], 24, 0)}, a), "twice": file(text[:-1] + b"," + text[1:], a),
        "unknown_dtype": file({"a": entry("F4", [48], 0, 24)}, a), "negative": file({"a": entry("F32", [-6], 0, 24)}, a),
        "overflow": file({"a": entry("F32", [1 << 62, 4], 0, 24)}, a), "fraction": file(text.replace(b"24", b"2.4"), a),
        "header_too_long": file(one, a, 1 << 40), "header_past_end": file(one, a, 4000), "array": file(b"[1]"),
        "deep": file(b'{"a":' + b"[" * 4000), "no_end": file(text[:-3], a), "escape": file({"\u00e9\n": entry("F32", [6], 0, 24)}, a),
        "surrogates": file(b'{"\\ud83d\\ude00":' + json.dumps(one["a"]).encode() + b"}", a), "half": file(b'{"\\ud83d":1}', a),
        "extra_key": file({"a": {**one["a"], "x": 1}}, a), "nul": file(b'{"\\u0000":1}'), "latin1": file(b'{"\xe9":1}'),
    }
    for name, content in files.items():
        put("safetensors", name, content)
    put("safetensors", "index", json.dumps({"metadata": {"total_size": 28}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}).encode())
    put("safetensors", "index_elsewhere", json.dumps({"weight_map": {"a": "../../etc/passwd"}}).encode())


def keras():
    import h5py

    def file(name, make):
        path = ROOT / "keras" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w", libver="earliest") as f:
            make(f)

    def layer(parent, name, weights, pieces=False, **how):
        g = parent.create_group(name)
        for i, w in enumerate(weights):
            if pieces:
                g.attrs[f"weight_names{i}"] = np.array([f"{name}/{w}".encode()])
            g.create_dataset(f"{name}/{w}", data=weights[w], **how)
        if not pieces:
            g.attrs["weight_names"] = np.array([f"{name}/{w}".encode() for w in weights] or [], dtype="S32")
    ramp = np.arange(6, dtype="f4").reshape(2, 3)

    def plain(f):
        f.attrs["layer_names"] = np.array([b"c", b"relu"])
        layer(f, "c", {"kernel:0": ramp, "bias:0": ramp[0]})
        layer(f, "relu", {})

    def whole(f):
        f.attrs["model_config"] = "{}"
        g = f.create_group("model_weights")
        g.attrs["layer_names0"], g.attrs["layer_names1"] = np.array([b"c"]), np.array([b"d"])
        layer(g, "c", {"kernel:0": ramp, "bias:0": ramp[0].astype(">f4")}, pieces=True)
        layer(g, "d", {"kernel:0": ramp, "half:0": ramp.astype("f2")}, compression="gzip", shuffle=True, chunks=(1, 3))

    def variable(f):
        f.attrs.create("layer_names", ["c"], dtype=h5py.string_dtype())
        layer(f, "c", {"kernel:0": ramp})

    def keras_3(f):  # lists as Keras 3 writes them: of texts in ASCII, and an empty one of numbers
        texts = h5py.string_dtype("ascii")
        f.attrs.create("layer_names", ["input", "c"], dtype=texts)
        f.create_group("input").attrs["weight_names"] = np.array([])
        f["c/c/kernel"] = ramp
        f["c"].attrs.create("weight_names", ["c/kernel"], dtype=texts)

    def bomb(f):
        f.attrs["layer_names"] = np.array([b"c"])
        layer(f, "c", {"kernel:0": np.zeros(1 << 20, "f4")}, compression="gzip", chunks=(1 << 20,))

    def linked(f):
        f.attrs["layer_names"] = np.array([b"c"])
        f["c"] = h5py.ExternalLink("/etc/other.h5", "/c")

    def missing(f):
        f.attrs["layer_names"] = np.array([b"c"])
        f.create_group("c").attrs["weight_names"] = np.array([b"c/kernel:0"])
    for make in (plain, whole, variable, keras_3, bomb, linked, missing):
        file(make.__name__ + ".h5", make)
    file("no_names.h5", lambda f: None)


torch.manual_seed(0)
checkpoints()
npz()
safetensors()
keras()
