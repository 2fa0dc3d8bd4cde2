# serve_log.py PORT MODEL PICTURE tokens FOLDER | write TOKEN-FILE: asks a server that keeps a prediction log. tokens: by the
# tokens in FOLDER/{predict,annotate,read}.token; exit status 1: something was answered wrongly. write: asks until it is gone, and
# prints the ids that were answered.
import http.client, json, sys, time

port, model, picture, what, where = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "rb").read(), sys.argv[4], sys.argv[5]
predict = "/v1/models/%s/predict" % model
wrong = []


def ask(path, body=None, token=None, method="POST", connection=None, **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["Authorization"] = "Bearer " + token
    c = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(method, path, body, given)
    answer = c.getresponse()
    body = answer.read()
    if not connection:
        c.close()
    return answer.status, body


def check(name, right, *seen):
    if not right:
        wrong.append(name)
        print("wrong: %s" % name, *seen)


def tokens():
    token = {role: open("%s/%s.token" % (where, role)).readline().strip() for role in ("predict", "annotate", "read")}
    label = json.dumps({"id": "mine", "label": "cross", "by": "somebody else"}).encode()
    for role, path, body, status in ((None, predict, picture, 401), (None, "/v1/feedback", label, 401),
                                     ("predict", "/v1/feedback", label, 403), ("read", "/v1/feedback", label, 403)):
        check("%s at %s" % (role, path), ask(path, body, token.get(role))[0] == status)
    check("/metrics", ask("/metrics", None, token["annotate"], "GET")[0] == 403)
    check("wrong token", ask(predict, picture, "fovea_" + 43 * "A")[0] == 401)
    for role in token:
        check(role, ask(predict, picture, token[role])[0] == 200)
    status, body = ask(predict + "?key=gate%204", picture, token["predict"], X_Request_Id="mine")
    check("an id", status == 200 and json.loads(body)["id"] == "mine", body)
    lines = b'{"id": "mine", "label": "cross"}\n{"id": "other", "label": "circle"}\n'
    for kind, body, count in (("application/json", label, 1), ("application/x-ndjson", lines, 2),
                              ("application/json", b'{"feedback": [{"id": "mine", "label": "circle"}, {"id": "n", "number": 1}]}', 2)):
        status, answer = ask("/v1/feedback", body, token["annotate"], Content_Type=kind)
        check("feedback", status == 200 and json.loads(answer) == {"labelled": count}, answer)
    status, answer = ask("/v1/feedback", b'{"id": "mine"}', token["annotate"], Content_Type="application/json")
    check("feedback that says nothing", status == 400 and json.loads(answer)["error"]["code"] == "usage", answer)
    long_id = json.dumps({"image": "AAAA", "id": 65 * "x"}).encode()
    check("an id too long", ask(predict, long_id, token["predict"], Content_Type="application/json")[0] == 400)
    v2 = {"id": "second", "inputs": [{"name": "pixels", "shape": [2, 28, 28, 1], "datatype": "FP32", "data": 1568 * [0.5]}]}
    check("v2", ask("/v2/models/%s/infer" % model, json.dumps(v2).encode(), token["predict"])[0] == 200)
    text = ask("/metrics", None, token["read"], "GET")[1].decode()
    check("metrics", "\nfovea_log_labels_total 5\n" in text and "\nfovea_log_dropped_total 0\n" in text, text[:2000])


def write():
    token = open(where).readline().strip()
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            status, body = ask(predict, picture, token, connection=connection)
            check("an answer", status == 200, body)
            print(json.loads(body)["id"], flush=True)
    except (OSError, http.client.HTTPException):
        pass


while ask("/readyz", method="GET")[0] != 200:  # the workspace's versions are being loaded
    time.sleep(0.05)
tokens() if what == "tokens" else write()
sys.exit(1 if wrong else 0)
