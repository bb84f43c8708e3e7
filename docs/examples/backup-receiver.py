#!/usr/bin/env python3
"""An example of a backup service that predeploy can ask (see docs/backup-webhook.md).

It verifies the signature, starts the backup once for each webhook-id, answers 202 with a Location,
and tells there whether the backup is running, completed or failed. make_backup() only waits: put
the command that makes your backup there (pg_dump, pgbackrest, a snapshot of the volume).

    PREDEPLOY_BACKUP_SECRET=whsec_... python3 backup-receiver.py --port 8088
    PREDEPLOY_BACKUP_URL=http://127.0.0.1:8088/backup

Python 3.9 or newer, nothing but its standard library.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 1 << 20
PATH = "/backup"


class Refused(Exception):
    """The request is answered with this status and message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


def key_of(secret):
    if secret.startswith("whsec_"):
        return base64.b64decode(secret[len("whsec_"):], validate=True)
    return secret.encode()


def verify(key, headers, body, tolerance, now):
    """Refuses what is not signed with key, or was signed too long ago (or too far ahead)."""
    ident = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", ident) or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise Refused(400, "webhook-id or webhook-timestamp is missing or malformed")
    if key is None:
        return ident
    if abs(now - int(timestamp)) > tolerance:
        raise Refused(401, f"the timestamp is more than {tolerance} s off")
    content = f"{ident}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    for signature in headers.get("webhook-signature", "").split():
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value.encode(), expected.encode()):
            return ident
    raise Refused(401, "the signature does not match")


def make_backup(request, options):
    """Makes the backup that request describes and returns its reference; raises when it fails."""
    time.sleep(options.delay)
    if options.fail is not None:
        raise RuntimeError(options.fail)
    made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    name = (request.get("database") or {}).get("name") or "database"
    return f"{name}-{made}"


class Jobs:
    """One backup for each webhook-id, however often it is asked for."""

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.states = {}

    def start(self, ident, request):
        with self.lock:
            if ident in self.states:
                return
            self.states[ident] = {"status": "running"}
        if self.options.delay == 0:
            self.run(ident, request)
        else:
            threading.Thread(target=self.run, args=(ident, request), daemon=True).start()

    def run(self, ident, request):
        try:
            state = {"status": "completed", "reference": make_backup(request, self.options)}
        except Exception as error:  # whatever went wrong, the deployment must hear of it
            state = {"status": "failed", "message": str(error)}
        with self.lock:
            self.states[ident] = state

    def state(self, ident):
        with self.lock:
            return self.states.get(ident)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self, status, value, **headers):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(body)

    def authenticate(self, body):
        return verify(self.server.key, self.headers, body, self.server.options.tolerance, time.time())

    def guarded(self, work):
        try:
            work()
        except Refused as refused:
            # what was not read of the body must not be taken for the next request
            self.close_connection = True
            self.answer(refused.status, {"message": refused.message}, Connection="close")

    def read_body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > BODY_MAX:
            raise Refused(413, "a body of at most 1 MiB with Content-Length is needed")
        return self.rfile.read(int(length))

    def state_answer(self, ident, state):
        if state["status"] != "running":
            self.answer(200, state)
        else:
            self.answer(202, state, Location=f"{PATH}/{ident}", Retry_After="1")

    def post(self):
        if self.path != PATH:
            raise Refused(404, f"backups are asked for at {PATH}")
        body = self.read_body()
        ident = self.authenticate(body)
        try:
            request = json.loads(body)
        except ValueError:
            raise Refused(400, "the body is not JSON") from None
        if not isinstance(request, dict) or request.get("event") != "predeploy.backup":
            raise Refused(400, "the event is not predeploy.backup")
        self.server.jobs.start(ident, request)
        self.state_answer(ident, self.server.jobs.state(ident))

    def get(self):
        ident = self.authenticate(b"")
        state = self.server.jobs.state(ident)
        if self.path != f"{PATH}/{ident}" or state is None:
            raise Refused(404, "no such backup")
        self.state_answer(ident, state)

    def do_POST(self):
        self.guarded(self.post)

    def do_GET(self):
        self.guarded(self.get)

    def log_message(self, format, *args):
        if not self.server.options.quiet:
            print(f"backup-receiver: {format % args}".encode("unicode_escape").decode(),
                  file=sys.stderr, flush=True)


def options_of(argv):
    parser = argparse.ArgumentParser(description="example of a backup service for predeploy")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8088, help="0: any; printed on standard output")
    parser.add_argument("--delay", type=float, default=0,
                        help="seconds a backup takes; 0: completed in the first answer")
    parser.add_argument("--fail", metavar="MESSAGE", help="every backup fails with this message")
    parser.add_argument("--tolerance", type=int, default=300, help="age of a signature in seconds")
    parser.add_argument("--cert", help="serve https with this certificate (PEM)")
    parser.add_argument("--key", help="and its private key (PEM)")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    options = parser.parse_args(argv)
    if (options.cert is None) != (options.key is None):
        parser.error("--cert and --key belong together")
    return options


def main(argv):
    options = options_of(argv)
    secret = os.environ.get("PREDEPLOY_BACKUP_SECRET")
    server = ThreadingHTTPServer((options.host, options.port), Handler)
    server.daemon_threads = True
    server.options = options
    server.key = key_of(secret) if secret else None
    server.jobs = Jobs(options)
    if options.cert is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    if server.key is None:
        print("backup-receiver: PREDEPLOY_BACKUP_SECRET is not set, anybody may ask",
              file=sys.stderr, flush=True)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
