# serve_log.py PORT PICTURE: asks the model m of a server from three threads, and from a fourth tells labels of what it answered,
# until it is gone. Prints "asked ID" and "told ID" of what was acknowledged.
import http.client, json, sys, threading, time

port, picture = int(sys.argv[1]), open(sys.argv[2], "rb").read()
lock, known, gone = threading.Lock(), [], threading.Event()


def say(word, ids):
    with lock:
        sys.stdout.write("".join("%s %s\n" % (word, i) for i in ids))
        sys.stdout.flush()


def post(connection, path, body, kind):
    connection.request("POST", path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit("answered %d: %s" % (answer.status, body))
    return json.loads(body)


def ask(connection):
    one = post(connection, "/v1/models/m/predict", picture, "image/png")["id"]
    say("asked", [one])
    known.append(one)


def tell(connection):
    ids = [known.pop() for _ in range(min(len(known), 20))]
    if not ids:
        return time.sleep(0.001)
    rows = "".join(json.dumps({"id": i, "label": "circle"}) + "\n" for i in ids)
    post(connection, "/v1/feedback", rows.encode(), "application/x-ndjson")
    say("told", ids)


def work(what):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        while not gone.is_set():
            what(connection)
    except (OSError, http.client.HTTPException):
        gone.set()


threads = [threading.Thread(target=work, args=(what,)) for what in (ask, ask, ask, tell)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
