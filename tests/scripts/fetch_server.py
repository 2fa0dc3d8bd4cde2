# fetch_server.py PORT-FILE LOG: what data_fetch.sh fetches from, on 127.0.0.1. Ends when who started it has ended. The first part of the
# path says how it behaves; the log gets a line a request: path, Range, If-Range.
import hashlib, http.server, os, sys, threading, time

BODY = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(8192))  # 256 KiB
asked = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers, length=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not False:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("://")[-1]  # as a proxy we are given the whole URL
        kind = path.split("/")[1].split("?")[0]
        wanted, condition = self.headers.get("Range"), self.headers.get("If-Range")
        with open(sys.argv[2], "a") as log:
            print(kind, wanted, condition, file=log)
        times = asked[kind] = asked.get(kind, 0) + 1
        tag = '"%d"' % times if kind == "changing" else '"fixed"'
        headers = {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT", "ETag": 'W/"weak"'} if kind == "weak" else {"ETag": tag}
        if kind == "none":
            headers = {}
        if kind == "missing":
            return self.answer(404, b"<html>no such page</html>", {})
        if kind == "secret":
            return self.answer(403, b"", {})
        if kind == "broken" or (kind == "busy" and times < 3):
            return self.answer(503, b"later", {})
        if kind == "redirect":
            return self.answer(302, b"see there", {"Location": "/good/file.bin"})
        if kind == "empty":
            return self.answer(200, b"", headers)
        if kind == "open":
            self.close_connection = True
            return self.answer(200, BODY, headers, length=False)
        valid = condition in (tag, headers.get("Last-Modified"))
        if wanted and valid and kind != "whole":
            first = int(wanted[len("bytes="):-1])
            if first >= len(BODY):
                return self.answer(416, b"", {"Content-Range": "bytes */%d" % len(BODY)})
            headers["Content-Range"] = "bytes %d-%d/%d" % (first, len(BODY) - 1, len(BODY))
            return self.answer(206, BODY[first:], headers)
        if kind in ("cut", "changing", "weak", "none", "whole") and times == 1:
            self.close_connection = True
            return self.answer(200, BODY[:100000], headers, length=len(BODY))
        self.answer(200, BODY, headers)


def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
with open(sys.argv[1] + ".new", "w") as out:
    print(server.server_port, hashlib.sha256(BODY).hexdigest(), file=out)
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
