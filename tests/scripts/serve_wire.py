# serve_wire.py PORT MODEL PICTURE PREDICTED [slow|unexplained]: asks a server as clients do, and says what it should not have answered.
# PREDICTED is what `fovea predict PICTURE --json` printed; beside it lie EXPLAINED, of `fovea explain`, and maps, of `fovea
# predict --explain`. Exit status 1: something was wrong.
import base64, glob, gzip, json, os, re, socket, struct, sys, zlib

port, model = int(sys.argv[1]), sys.argv[2]
picture = open(sys.argv[3], "rb").read()
predicted = json.loads(open(sys.argv[4]).readline())
path = "/v1/models/%s/predict" % model
PATIENCE = 60
wrong = []


def connect():
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def read_answer(file, head=False):
    status = int(file.readline().split()[1])
    headers = {}
    for line in iter(file.readline, b"\r\n"):
        name, value = line.decode().rstrip().split(": ", 1)
        headers.setdefault(name.lower(), value)
    body = b""
    if status == 100:
        return read_answer(file, head)
    if headers.get("transfer-encoding") == "chunked":
        while True:
            size = int(file.readline(), 16)
            body += file.read(size)
            file.readline()
            if not size:
                break
    elif not head and status != 204:
        body = file.read(int(headers["content-length"])) if "content-length" in headers else file.read()
    return status, headers, body


def request(method, where, body=b"", version="1.1", **headers):
    lines = ["%s %s HTTP/%s" % (method, where, version)]
    given = {"Host": "127.0.0.1:%d" % port}
    if body:
        given["Content-Length"] = len(body)
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines += ["%s: %s" % (name, value) for name, value in given.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(method, where, body=b"", **headers):
    with connect() as s:
        try:
            s.sendall(request(method, where, body, **headers))
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused by its head, answered and closed while the rest was on its way: the answer is there
        return read_answer(s.makefile("rb"), method == "HEAD")


def check(what, right, *seen):
    if not right:
        wrong.append(what)
        print("wrong: %s" % what, *[repr(x)[:600] for x in seen])


def is_predicted(what, answer):
    status, _, body = answer
    try:
        got = json.loads(body)
    except ValueError:
        got = {}
    same = all(got.get(key) == predicted[key] for key in ("label", "score"))
    check(what, status == 200 and same and got["model"] == model and got["version"] == 1, answer)


def is_refused(what, want, answer, v2=False):
    status, headers, body = answer
    try:
        error = json.loads(body)["error"]
        shaped = isinstance(error, str) if v2 else set(error) == {"code", "message", "hint"}
    except (ValueError, KeyError, TypeError):
        shaped = False
    check(what, status == want and shaped and headers["content-type"] == "application/json", answer)


def chunks(body, size, extension=b""):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(p), extension, p) for p in parts)


def bodies_as_they_come():
    is_predicted("raw", ask("POST", path, picture, Content_Type="image/png"))
    is_predicted("without a type", ask("POST", path, picture))
    is_predicted("with the wrong type", ask("POST", path, picture, Content_Type="image/jpeg"))
    is_predicted("as curl sends it", ask("POST", path, picture, Content_Type="application/x-www-form-urlencoded"))
    for what, size, extension, trailer in (("chunked", 50, b"", b""), ("with extensions and a trailer", 99, b";a=b", b"X-T: 1\r\n")):
        with connect() as s:
            s.sendall(request("POST", path, Transfer_Encoding="chunked"))
            s.sendall(chunks(picture, size, extension) + b"0\r\n" + trailer + b"\r\n")
            is_predicted(what, read_answer(s.makefile("rb")))
    with connect() as s:
        s.sendall(request("POST", path, picture, version="1.0", Host=None))
        is_predicted("HTTP/1.0", read_answer(s.makefile("rb")))
    with connect() as s:
        s.sendall(request("POST", path, Content_Length=len(picture), Expect="100-continue"))
        first = s.recv(1000)
        check("100 Continue before the body", first.startswith(b"HTTP/1.1 100 "), first)
        s.sendall(picture)
        is_predicted("after 100 Continue", read_answer(s.makefile("rb")))
    with connect() as s:
        s.sendall(request("POST", path, Content_Length=99999999, Expect="100-continue"))
        is_refused("too long, before a byte of it", 413, read_answer(s.makefile("rb")))
    with connect() as s:
        s.sendall(request("POST", path, picture) * 3 + request("GET", "/healthz"))
        file = s.makefile("rb")
        for i in range(3):
            is_predicted("pipelined", read_answer(file))
        check("pipelined /healthz", read_answer(file)[2] == b"OK\n")
    is_predicted("gzip", ask("POST", path, gzip.compress(picture), Content_Encoding="gzip"))
    is_predicted("deflate", ask("POST", path, zlib.compress(picture), Content_Encoding="deflate"))
    raw = zlib.compressobj(wbits=-15)
    is_predicted("deflate without a frame", ask("POST", path, raw.compress(picture) + raw.flush(), Content_Encoding="deflate"))


def forms_of_bodies():
    part = b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a \\"b\\".png"\r\nContent-Type: image/png\r\n\r\n'
    field = b'--xyz\r\nContent-Disposition: form-data; name="top"\r\n\r\n1\r\n'
    kind = 'multipart/form-data; boundary="xyz"'
    answer = ask("POST", path, field + part + picture + b"\r\n--xyz--\r\n", Content_Type=kind)
    is_predicted("a form", answer)
    check("the form's file and top", json.loads(answer[2])["file"] == 'a "b".png' and len(json.loads(answer[2])["top"]) == 1, answer)
    status, _, body = ask("POST", path, (part + picture + b"\r\n") * 2 + b"--xyz--", Content_Type=kind)
    check("a form of two", status == 200 and [p["label"] for p in json.loads(body)["predictions"]] == 2 * [predicted["label"]], body)
    text = base64.b64encode(picture).decode()
    is_predicted("JSON", ask("POST", path, json.dumps({"image": text, "id": "a"}).encode(), Content_Type="application/json"))
    body = json.dumps({"images": [text, {"image": base64.b64encode(b"no picture").decode(), "id": "b"}]}).encode()
    status, _, body = ask("POST", path, body, Content_Type="application/json; charset=utf-8")
    rows = json.loads(body)["predictions"]
    check("JSON of two, one bad", status == 200 and rows[0]["label"] == predicted["label"] and rows[1]["id"] == "b" and
          rows[1]["error"]["code"] == "format", body)
    lines = [json.dumps({"image": text, "id": str(i)}) for i in range(100)]
    lines[40] = "no JSON"
    status, headers, body = ask("POST", path, "\n".join(lines).encode(), Content_Type="application/x-ndjson")
    rows = [json.loads(line) for line in body.splitlines()]
    check("lines: their order", status == 200 and headers["content-type"] == "application/x-ndjson" and len(rows) == 100 and
          [r["id"] for i, r in enumerate(rows) if i != 40] == [str(i) for i in range(100) if i != 40], rows[:2])
    check("lines: their answers", all(r["score"] == predicted["score"] for i, r in enumerate(rows) if i != 40) and
          rows[40]["error"]["code"] == "usage", rows[40])
    status, headers, packed = ask("POST", path, "\n".join(lines).encode(), Content_Type="application/x-ndjson", Accept_Encoding="gzip")
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    check("lines, packed", headers["content-encoding"] == "gzip" and len(packed) < len(body) and len(rows) == 100 and
          all(r["score"] == predicted["score"] for i, r in enumerate(rows) if i != 40), headers)
    with connect() as s:  # a client that goes away in the middle
        s.sendall(request("POST", path, "\n".join(lines).encode(), Content_Type="application/x-ndjson"))
    status, _, body = ask("POST", path + "?top=1&threshold=1", picture)
    check("abstained", json.loads(body)["label"] is None and json.loads(body)["abstained"] and len(json.loads(body)["top"]) == 1, body)


def explanations():
    beside = os.path.dirname(sys.argv[4]) or "."
    expected = json.loads(open(beside + "/explained").readline())
    overlay = open(glob.glob(beside + "/maps/00001_*.png")[0], "rb").read()
    answer = ask("POST", path + "?explain=gradcam", picture)
    is_predicted("explained", answer)
    why = json.loads(answer[2]).get("explanation", {})
    check("the map of fovea predict --explain", base64.b64decode(why.get("png", "")) == overlay, why)
    check("the figures of fovea explain", all(why.get(k) == expected[k] for k in ("method", "label", "deletion", "insertion")) and
          (why["width"], why["height"]) == (28, 28), why, expected)
    other = "cross" if expected["label"] == "circle" else "circle"
    body = ask("POST", path + "?explain=occlusion%20window=14&explain_class=" + other + "&explain_score=false", picture)[2]
    why = json.loads(body)["explanation"]
    check("another class by another method", why["label"] == other and "deletion" not in why and why["png"], why)
    status, headers, body = ask("POST", path + "?explain=gradcam", picture, Accept="image/png, */*;q=0.1")
    check("a sheet", status == 200 and headers["content-type"] == "image/png" and body.startswith(b"\x89PNG"), headers)
    text = base64.b64encode(picture).decode()
    two = json.dumps({"images": [text, base64.b64encode(b"no picture").decode()]}).encode()
    rows = json.loads(ask("POST", path + "?explain=gradcam", two, Content_Type="application/json")[2])["predictions"]
    check("of two, one bad", rows[0]["explanation"]["png"] and "explanation" not in rows[1] and "error" in rows[1], rows[1])
    is_refused("no sheet of a bad one", 422, ask("POST", path + "?explain=gradcam", b"no picture", Accept="image/png"))
    schema = json.loads(ask("GET", "/openapi.json")[2])["paths"]["/v1/models/{model}/predict"]["post"]["responses"]["200"]["content"]
    check("forms of the answer", set(schema) == {"application/json", "application/x-ndjson", "image/png"} and
          [sorted(s["required"])[0] for s in schema["application/json"]["schema"]["anyOf"]] == ["id", "predictions"], schema)
    is_refused("no such method", 400, ask("POST", path + "?explain=nonsense", picture))
    is_refused("no such class", 400, ask("POST", path + "?explain=gradcam&explain_class=nobody", picture))
    is_refused("what takes too long", 400, ask("POST", path + "?explain=integrated_gradients%20steps=400", picture))
    is_refused("lines", 400, ask("POST", path + "?explain=gradcam", b"{}", Content_Type="application/x-ndjson"))
    pages = ask("GET", "/metrics")[2].decode()
    check("what was explained is counted", "\nfovea_explanations_total 4\n" in pages, pages[pages.find("fovea_explan"):])


def without_what_differs(body):
    """An answer without its id, times and counts; None: it is no JSON."""
    def stripped(value):
        if isinstance(value, dict):
            return {k: stripped(v) for k, v in value.items() if k not in ("id", "timing_ms", "inference_stats", "batch_stats",
                                                                          "inference_count", "execution_count", "last_inference")}
        return [stripped(v) for v in value] if isinstance(value, list) else value
    try:
        return stripped(json.loads(body))
    except ValueError:
        return None


def routes_with_and_without_a_version():
    """Each route of a model, asked by each method: the same of its one version, and the same for who does not exist."""
    paths = [p for p in json.loads(ask("GET", "/openapi.json")[2])["paths"] if "/versions/{version}" in p]
    check("routes of versions", len(paths) == 6, paths)
    infer = json.dumps({"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [base64.b64encode(picture).decode()]}]})
    for pattern in paths:
        body = infer.encode() if pattern.endswith("/infer") else picture if pattern.endswith("/predict") else b""
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            for name, sent in ((model, body), (model, b"x"), ("nobody", body), (model + "@nobody", body), ("%00", body)):
                if method in ("GET", "HEAD", "OPTIONS"):
                    sent = b""
                one = ask(method, pattern.replace("/versions/{version}", "").replace("{model}", name), sent)
                two = ask(method, pattern.replace("{version}", "1").replace("{model}", name), sent)
                check("%s %s of %s" % (method, pattern, name), one[0] == two[0] and one[0] < 500 and
                      one[1].get("allow") == two[1].get("allow") and one[1].get("content-type") == two[1].get("content-type") and
                      (one[0] >= 400 or without_what_differs(one[2]) == without_what_differs(two[2])), one, two)
            if method != "OPTIONS":
                for version in ("0", "7", "-1", "x", "99999999999999999999", "1.0"):
                    status = ask(method, pattern.replace("{version}", version).replace("{model}", model), body)[0]
                    allowed = ask("OPTIONS", pattern.replace("{version}", "1").replace("{model}", model))[1]["allow"].split(", ")
                    check("%s %s, version %s" % (method, pattern, version), status == (404 if method in allowed else 405), status)


def refusals():
    is_refused("empty", 400, ask("POST", path))
    is_refused("no picture", 422, ask("POST", path, b"hello"))
    is_refused("a cut picture", 422, ask("POST", path, picture[:len(picture) // 2]))
    is_refused("another model", 404, ask("POST", "/v1/models/nobody/predict", picture))
    is_refused("another version", 404, ask("POST", "/v1/models/%s/versions/7/predict" % model, picture))
    is_refused("an alias of a file", 404, ask("POST", "/v1/models/%s@best/predict" % model, picture))
    is_refused("another path", 404, ask("POST", path + "/nowhere", picture))
    is_refused("an option that is none", 400, ask("POST", path + "?topp=3", picture))
    is_refused("an option out of range", 400, ask("POST", path + "?top=0", picture))
    is_refused("JSON that is none", 400, ask("POST", path, b"{", Content_Type="application/json"))
    is_refused("a form that is none", 400, ask("POST", path, b"x", Content_Type="multipart/form-data; boundary=y"))
    is_refused("too long", 413, ask("POST", path, b"x" * 1000001))
    is_refused("a body that unpacks to too much", 413, ask("POST", path, gzip.compress(b"x" * 9000000), Content_Encoding="gzip"))
    is_refused("not packed as it says", 400, ask("POST", path, picture, Content_Encoding="gzip"))
    is_refused("packed otherwise", 415, ask("POST", path, picture, Content_Encoding="br"))
    answer = ask("GET", path)
    is_refused("another method", 405, answer)
    check("Allow", answer[1]["allow"] == "POST, OPTIONS", answer)
    is_refused("a name that was pointed here", 421, ask("POST", path, picture, Host="evil.example"))
    is_refused("a page of elsewhere", 403, ask("POST", path, picture, Origin="https://evil.example"))
    is_refused("v2: another model", 404, ask("GET", "/v2/models/nobody"), v2=True)
    is_refused("v2: no JSON", 400, ask("POST", "/v2/models/%s/infer" % model, b"?"), v2=True)
    check("HTTP/1.1 without Host", ask("GET", "/healthz", Host=None)[0] == 400)


def pages_and_methods():
    check("/healthz", ask("GET", "/healthz")[2] == b"OK\n")
    status, headers, _ = ask("HEAD", "/")
    check("HEAD", status == 200 and int(headers["content-length"]) > 500 and "script-src 'self'" in headers["content-security-policy"], headers)
    status, headers, _ = ask("OPTIONS", path)
    check("OPTIONS", status == 204 and headers["allow"] == "POST, OPTIONS", headers)
    status, headers, _ = ask("OPTIONS", path, Origin="https://lab.example")
    check("a page that may", status == 204 and headers["access-control-allow-origin"] == "https://lab.example", headers)
    check("no CORS otherwise", "access-control-allow-origin" not in ask("POST", path, picture)[1])
    is_predicted("our own page", ask("POST", path, picture, Origin="http://127.0.0.1:%d" % port))
    for where in re.findall(rb'(?:href|src)="(/[^"]*)"', ask("GET", "/")[2] + ask("GET", "/dashboard")[2]):
        check("a page's " + where.decode(), ask("GET", where.decode())[0] == 200)
    status, headers, body = ask("GET", "/openapi.json", Accept_Encoding="gzip, deflate")
    check("a packed answer", headers.get("content-encoding") == "gzip" and json.loads(gzip.decompress(body))["openapi"] == "3.1.0", headers)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    status, headers, body = ask("POST", path, picture, traceparent=trace, X_Request_Id="order-7")
    check("ids", headers["x-request-id"] == "order-7" and headers["traceparent"].startswith(trace[:36]) and
          headers["traceparent"] != trace and json.loads(body)["id"] == "order-7", headers)
    check("Server-Timing", re.fullmatch(r"decode;dur=[\d.]+, queue;dur=[\d.]+, compute;dur=[\d.]+, total;dur=[\d.]+",
                                        headers["server-timing"]), headers)
    text = ask("GET", "/metrics")[2].decode()
    check("/metrics", re.search(r'^fovea_pictures_total\{model="%s",version="1",outcome="answered"\} [1-9]' % model, text, re.M), text)


def open_inference():
    base = "/v2/models/%s" % model
    meta = json.loads(ask("GET", base)[2])
    check("metadata", [(i["name"], i["datatype"]) for i in meta["inputs"]] == [("pixels", "FP32"), ("image", "BYTES")] and
          meta["inputs"][0]["shape"] == [-1, 28, 28, 1] and meta["versions"] == ["1"], meta)
    for where in ("/v2", "/v2/health/live", "/v2/health/ready", base + "/ready", base + "/versions/1/ready", base + "/config",
                  base + "/stats", "/v2/models/stats"):
        check(where, ask("GET", where)[0] == 200)
    body = {"id": "7", "inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [base64.b64encode(picture).decode()]}]}
    answer = json.loads(ask("POST", base + "/infer", json.dumps(body).encode())[2])
    check("scores", answer["id"] == "7" and abs(max(answer["outputs"][0]["data"]) - predicted["score"]) < 1e-6, answer)
    element = struct.pack("<I", len(picture)) + picture
    head = json.dumps({"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(element)}}],
                       "outputs": [{"name": "scores", "parameters": {"binary_data": True, "classification": 1}}]}).encode()
    status, headers, body = ask("POST", base + "/infer", head + element, Inference_Header_Content_Length=len(head))
    length = int(headers["inference-header-content-length"])
    best = body[length + 4:].decode()
    check("classification, binary", status == 200 and best.endswith(":" + predicted["label"]), body)
    pixels = {"inputs": [{"name": "pixels", "shape": [3, 28, 28, 1], "datatype": "FP32", "data": [0.5] * 3 * 784}]}
    rows = json.loads(ask("POST", base + "/infer", json.dumps(pixels).encode())[2])["outputs"][0]
    check("three rows of pixels", rows["shape"] == [3, 2] and rows["data"][:2] == rows["data"][2:4] == rows["data"][4:], rows)
    is_refused("an index that is asked for wrongly", 400, ask("POST", "/v2/repository/index", b"[null]"), v2=True)
    is_refused("a load with no object", 400, ask("POST", "/v2/repository/models/%s/load" % model, b"[null]"), v2=True)
    check("what is ready", json.loads(ask("POST", "/v2/repository/index", b'{"ready": true}')[2])[0]["name"] == model)
    check("the index", json.loads(ask("POST", "/v2/repository/index")[2])[0]["state"] == "READY")


def slow():
    with connect() as s:
        s.sendall(request("POST", path, Content_Length=1000) + b"x")
        check("half a body: cut off", s.recv(1000) == b"")
    with connect() as s:
        s.sendall(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        check("half a header: cut off", s.recv(1000) == b"")
    is_predicted("and others are answered", ask("POST", path, picture))


def unexplained():
    is_refused("no explanations here", 409, ask("POST", path + "?explain=gradcam", picture))
    is_predicted("but predictions", ask("POST", path, picture))


if len(sys.argv) > 5:
    {"slow": slow, "unexplained": unexplained}[sys.argv[5]]()
else:
    for part in (bodies_as_they_come, forms_of_bodies, explanations, routes_with_and_without_a_version, refusals, pages_and_methods, open_inference):
        part()
sys.exit(1 if wrong else 0)
