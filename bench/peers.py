"""The other system's side of a bench: python peers.py VARIANT MODE ARCH BATCH SIDE CLASSES THREADS. Modes: training, evaluation; or
forward, input or weights and a convolution's shape in the place of ARCH; each with _bf16 behind it in bf16: networks by
torch.autocast, or OpenVINO's hint, convolutions of tensors that are bf16 in memory. Takes turns as turns.py says. Variants: eager,
channels_last, malloc (channels-last; turns.py sets glibc's tunables), compile, ort, openvino."""
import json
import os
import sys
import tempfile
import time

variant, mode, arch = sys.argv[1:4]
batch, side, classes, threads = map(int, sys.argv[4:8])
bf16, mode = mode.endswith("_bf16"), mode.removesuffix("_bf16")


def network():
    """As torchvision has it; EfficientNet-Lite as timm does."""
    if arch.startswith("efficientnet_lite"):
        import timm
        return timm.create_model(f"tf_{arch}", num_classes=classes)
    import torchvision
    return getattr(torchvision.models, arch)(weights=None, num_classes=classes)


def trainer():
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layout = torch.contiguous_format if variant == "eager" else torch.channels_last
    net = network().train().to(memory_format=layout)
    x = torch.randn(batch, 3, side, side).to(memory_format=layout)
    y = torch.randint(0, classes, (batch,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    forward = torch.compile(net) if variant == "compile" else net

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = torch.nn.functional.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        loss.item()
    return torch.__version__, step


def settled():
    """A network as after a training: norms have something to fold."""
    import torch
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = network().eval()
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return torch, net, torch.randn(batch, 3, side, side)


def torch_answers():
    torch, net, x = settled()
    if variant != "eager":
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if variant == "compile":
        import torch._inductor.config
        torch._inductor.config.freezing = True
        net = torch.compile(net)

    def step():
        with torch.no_grad() if variant == "compile" else torch.inference_mode():
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
                net(x)
    return torch.__version__, step


def onnx_answers():
    torch, net, x = settled()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.onnx")
        torch.onnx.export(net, (x,), path, dynamo=False, opset_version=17, input_names=["x"], output_names=["y"])
        data = x.numpy()
        if variant == "ort":
            import onnxruntime
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads, settings.inter_op_num_threads = threads, 1
            session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
            return onnxruntime.__version__, lambda: session.run(None, {"x": data})
        import openvino
        core = openvino.Core()
        settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if bf16 else "f32"}
        request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()
        return openvino.__version__, lambda: request.infer({"x": data})


def convolution():
    import torch
    torch.set_num_threads(threads)
    size, c, k, r, stride, groups = map(int, arch.split(","))
    net = torch.nn.Conv2d(c, k, r, stride, r // 2, groups=groups, bias=False).to(memory_format=torch.channels_last)
    x = torch.randn(batch, c, size, size).to(memory_format=torch.channels_last)
    if bf16:
        net, x = net.to(torch.bfloat16), x.to(torch.bfloat16)
    w = net.weight.detach()
    with torch.no_grad():
        dy = torch.randn_like(net(x))

    def step():
        with torch.no_grad():
            if mode == "forward":
                return net(x)
            return torch.ops.aten.convolution_backward(dy, x, w, None, [stride] * 2, [r // 2] * 2, [1, 1], False, [0, 0], groups,
                                                       [mode == "input", mode == "weights", False])
    return torch.__version__, step


answers = sys.stdout
sys.stdout = sys.stderr  # what libraries print is no answer
if mode in ("forward", "input", "weights"):
    version, step = convolution()
elif mode == "training":
    version, step = trainer()
else:
    version, step = onnx_answers() if variant in ("ort", "openvino") else torch_answers()
print(json.dumps(dict(variant=variant, version=str(version))), file=answers, flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    for _ in range(int(line)):
        step()
    print(json.dumps(dict(seconds=time.perf_counter() - begin)), file=answers, flush=True)
