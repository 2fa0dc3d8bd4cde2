"""The other server of bench/serve: python serve_peer.py MODEL.onnx THREADS WORKERS. ONNX Runtime behind uvicorn (uvloop, httptools;
no framework between), pictures decoded by Pillow (JPEG's draft mode, its own resize) in WORKERS threads beside the loop, each run by
ONNX Runtime with THREADS threads. MODEL.onnx is what `fovea export --onnx --preprocessing` writes: bytes in, logits out. Prints its
port."""
import asyncio
import concurrent.futures
import io
import json
import socket
import sys

import numpy
import onnxruntime
import uvicorn
from PIL import Image

path, threads, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
source = session.get_inputs()[0]
names = session.get_modelmeta().custom_metadata_map
classes = json.loads(names.get("classes", "[]")) if names.get("classes", "").startswith("[") else names.get("classes", "").split("\n")
side = source.shape[1]
pool = concurrent.futures.ThreadPoolExecutor(workers)


def answer(body):
    picture = Image.open(io.BytesIO(body))
    picture.draft("RGB", (side, side))
    picture = picture.convert("RGB")
    if picture.size != (side, side):
        picture = picture.resize((side, side), Image.BILINEAR)
    logits = session.run(None, {source.name: numpy.asarray(picture)[None]})[0][0]
    scores = numpy.exp(logits - logits.max())
    scores /= scores.sum()
    best = scores.argsort()[::-1][:5]
    top = [{"label": classes[i] if i < len(classes) else str(i), "score": float(scores[i])} for i in best]
    return json.dumps({"label": top[0]["label"], "score": top[0]["score"], "top": top}).encode()


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        part = await receive()
        body, more = body + part.get("body", b""), part.get("more_body", False)
    made = await asyncio.get_running_loop().run_in_executor(pool, answer, body)
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(made)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": made})


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(1024)
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", log_level="warning", lifespan="off")).run([listener])
