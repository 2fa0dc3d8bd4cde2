"""PTH, ST, H5: other people's weights, by `fovea weights convert` into .npz, which numpy reads; hostile ones refused."""
import numpy as np

from judge import case


def tensors(t, path, *options):
    """Name to array; None where it is refused."""
    out = t.work / "out.npz"
    out.unlink(missing_ok=True)
    answer = t.fovea("weights", "convert", path, out, *options)
    if answer.status:
        return None, answer
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays.files}, answer


def same(t, text, got, want):
    """`want`: name to values."""
    t.equal(f"{text}: names", sorted(got or ()), sorted(want))
    for name, values in want.items():
        if got and name in got and values != []:
            t.near(f"{text}: {name}", got[name].astype(float).ravel(), np.array(values, float).ravel(), 1e-7)


@case("PTH-02")
def wrapped(t):
    plain, averaged = ({name: x["values"] for name, x in t.expected[key].items()} for key in ("tensors", "ema_tensors"))
    for file in t.expected["files"]:
        got, _ = tensors(t, t.folder / file)
        same(t, file, got, plain)
        t.claim(f"{file}: the count is an integer", got and got["bn.num_batches_tracked"].dtype.kind in "iu")
    got, _ = tensors(t, t.folder / "with_ema.pth", "--averaged")
    same(t, "with_ema.pth --averaged", got, averaged)
    said = t.fovea("weights", "show", t.folder / "with_ema.pth").out
    t.claim("it is said that there are averaged weights", "averaged" in said, said)
    t.remark = "the plain ones, unless --averaged"


@case("PTH-05")
def hostile(t):
    names = {"os_system.pth": ("posix.system", "os.system"), "eval.pth": ("builtins.eval", "__builtin__.eval")}
    for file in t.expected["rejected"]:
        got, answer = tensors(t, t.folder / file)
        t.claim(f"{file}: refused", got is None and answer.status == 1, answer.status)
        t.claim(f"{file}: the call is named", any(name in answer.err for name in names[file]), answer.err)
        t.claim(f"{file}: the file is named", file in answer.err, answer.err)
    got, answer = tensors(t, t.folder / "namespace.pth")
    held = got is not None and got["w"].tolist() == [1, 1]
    t.claim("namespace.pth: read with the object inert, or refused by its name", held or "argparse.Namespace" in answer.err)
    t.claim("nothing was run", not any((folder / "FOVEA_PWNED").exists() for folder in (t.folder, t.work, t.work.cwd())))
    t.remark = "argparse.Namespace is left inert" if held else "argparse.Namespace is refused"


@case("ST-01")
def legal(t):
    for file in t.expected["files"]:
        got, _ = tensors(t, t.folder / file)
        same(t, file, got, t.expected["tensors"])
        t.claim(f"{file}: the scalar has no dimension", got and got["scalar"].shape == ())
        t.claim(f"{file}: the empty one is 0×3", got and got["empty"].shape == (0, 3))
    answer = t.fovea("weights", "show", t.folder / "no_tensors.safetensors")
    said = answer.out + answer.err
    t.claim("a file without tensors is legal, and that is said", not answer.status and "no tensors" in said, said)


@case("H5-02")
def pieces(t):
    got, answer = tensors(t, t.folder / "split.h5")
    t.claim("all layers are read", got and {name.split("/")[0] for name in got} == set(t.expected["layers"]), answer.err)
    for name, shape in t.expected["shapes"].items():
        found = [x for n, x in (got or {}).items() if n.endswith(name)]
        t.claim(f"{name}: its shape", found and list(found[0].shape) == shape, [x.shape for x in found])
    for name, values in t.expected["values"].items():
        found = [x for n, x in (got or {}).items() if n.endswith(name)]
        t.near(f"{name}: its numbers", found[0].ravel() if found else [], values, 1e-7)
