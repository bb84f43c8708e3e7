#!/usr/bin/env python3
"""A backup service that predeploy can ask: the other side of docs/backup-webhook.md.

It verifies the signature, starts one backup for each webhook-id, answers 202 with a Location, and
tells there whether the backup is running, completed or failed. What makes the backup is a program
of yours; without --command it only pretends.

    PREDEPLOY_BACKUP_SECRET=whsec_... python3 backup-receiver.py --port 8088 --command ./make-backup
    PREDEPLOY_BACKUP_URL=http://127.0.0.1:8088/backup

The program gets BACKUP_ID, BACKUP_ACTION, BACKUP_COMMIT and BACKUP_DATABASE besides the environment
of this service, and not the secret. What it prints last on standard output is the reference. It is
somebody else's request: let it choose from databases that you have named, never connect to where
the request says.

SIGTERM ends it: what runs is finished and told, what comes new is answered with 503.

Python 3.9 or newer, nothing but its standard library.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import ipaddress
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_MAX = 1 << 20
BACKUPS_MAX = 1000  # so many are remembered; the oldest that has ended is forgotten first
TELL_SECONDS = 30  # how long the end waits for a last poll
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


def text_of(value):
    """A value of the request as a variable of the environment."""
    return value.replace("\0", "") if isinstance(value, str) else ""


def environment(ident, request):
    database = request.get("database")
    env = {name: value for name, value in os.environ.items() if name != "PREDEPLOY_BACKUP_SECRET"}
    env.update(
        BACKUP_ID=ident,
        BACKUP_ACTION=text_of(request.get("action")),
        BACKUP_COMMIT=text_of(request.get("commit")),
        BACKUP_DATABASE=text_of(database.get("name")) if isinstance(database, dict) else "",
    )
    return env


def run_program(program, env, seconds):
    """What it prints; in a group of its own, which Ctrl-C does not reach and which ends as a whole."""
    with subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          start_new_session=True) as process:
        try:
            printed, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise RuntimeError(f"the backup's program took longer than {seconds:g} s") from None
    if process.returncode != 0:  # what it said is on our standard error, and stays there
        raise RuntimeError(f"the backup's program ended with {process.returncode}")
    return printed.decode(errors="replace")


def make_backup(ident, request, options):
    """Makes the backup that request describes and returns its reference; raises when it fails."""
    time.sleep(options.delay)
    if options.fail is not None:
        raise RuntimeError(options.fail)
    if options.command is None:
        made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        return f"{environment(ident, request)['BACKUP_DATABASE'] or 'database'}-{made}"
    lines = run_program(options.command, environment(ident, request), options.timeout).split("\n")
    reference = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if not reference or len(reference.encode()) > 512:
        raise RuntimeError("the backup's program printed no reference of at most 512 bytes")
    return reference


class Jobs:
    """One backup for each webhook-id, however often it is asked for; one at a time."""

    def __init__(self, options):
        self.options = options
        self.changed = threading.Condition()
        self.working = threading.Lock()
        self.states = {}
        self.untold = set()
        self.closed = False

    def start(self, ident, request):
        with self.changed:
            if ident in self.states:
                return
            if self.closed:
                raise Refused(503, "the service is stopping")
            self._make_room()
            self.states[ident] = {"status": "running"}
            self.untold.add(ident)
        if self.options.delay == 0 and self.options.command is None:
            self.run(ident, request)
        else:
            threading.Thread(target=self.run, args=(ident, request), daemon=True).start()

    def _make_room(self):
        ended = [ident for ident, state in self.states.items() if state["status"] != "running"]
        if len(self.states) >= BACKUPS_MAX and not ended:
            raise Refused(503, "too many backups are running")
        if len(self.states) >= BACKUPS_MAX:
            self.untold.discard(ended[0])
            del self.states[ended[0]]

    def run(self, ident, request):
        try:
            with self.working:
                state = {"status": "completed", "reference": make_backup(ident, request, self.options)}
        except Exception as error:  # whatever went wrong, the deployment must hear of it
            state = {"status": "failed", "message": str(error)}
        with self.changed:
            self.states[ident] = state
            self.changed.notify_all()

    def state(self, ident):
        with self.changed:
            return self.states.get(ident)

    def told(self, ident):
        with self.changed:
            self.untold.discard(ident)
            self.changed.notify_all()

    def close(self):
        """No new backups; returns when those that run have ended and somebody has heard of it."""
        with self.changed:
            self.closed = True
            self.changed.wait_for(
                lambda: all(state["status"] != "running" for state in self.states.values()))
            self.changed.wait_for(lambda: not self.untold, TELL_SECONDS)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A connection that broke, or a handshake that failed, is one line."""
        print(f"backup-receiver: {sys.exc_info()[1]!r}".encode("unicode_escape").decode(),
              file=sys.stderr, flush=True)


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
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > BODY_MAX:
            raise Refused(413, "a body of at most 1 MiB with Content-Length is needed")
        return self.rfile.read(int(length))

    def state_answer(self, ident, state):
        if state["status"] == "running":
            self.answer(202, state, Location=f"{PATH}/{ident}", Retry_After="1")
            return
        self.answer(200, state)
        self.server.jobs.told(ident)

    def post(self):
        if self.path != PATH:
            raise Refused(404, f"backups are asked for at {PATH}")
        body = self.read_body()
        ident = self.authenticate(body)
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
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
    parser = argparse.ArgumentParser(description="a backup service for predeploy")
    parser.add_argument("--host", default="127.0.0.1", help="another address needs a secret")
    parser.add_argument("--port", type=int, default=8088, help="0: any; printed on standard output")
    parser.add_argument("--command", metavar="PROGRAM", help="what makes the backup; no shell")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds that it may take")
    parser.add_argument("--delay", type=float, default=0,
                        help="seconds before a backup; 0 without --command: completed at once")
    parser.add_argument("--fail", metavar="MESSAGE", help="every backup fails with this message")
    parser.add_argument("--tolerance", type=int, default=300, help="age of a signature in seconds")
    parser.add_argument("--cert", help="serve https with this certificate (PEM)")
    parser.add_argument("--key", help="and its private key (PEM)")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    options = parser.parse_args(argv)
    if (options.cert is None) != (options.key is None):
        parser.error("--cert and --key belong together")
    if options.command is not None:
        options.command = os.path.abspath(options.command)
        if not os.access(options.command, os.X_OK):
            parser.error("--command is no program")
    return options


def is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(server):
    """Until SIGTERM or SIGINT, and then until what runs is told. A second signal ends it at once."""

    def stop():
        server.jobs.close()
        server.shutdown()

    def stopping(number, frame):
        signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=stop, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopping)
    server.serve_forever(poll_interval=0.1)


def main(argv):
    options = options_of(argv)
    secret = os.environ.get("PREDEPLOY_BACKUP_SECRET")
    if not secret and not is_loopback(options.host):
        print("backup-receiver: set PREDEPLOY_BACKUP_SECRET, or serve this machine only",
              file=sys.stderr)
        return 2
    server = Server((options.host, options.port), Handler)
    server.options = options
    server.key = key_of(secret) if secret else None
    server.jobs = Jobs(options)
    if options.cert is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(options.cert, options.key)
        # The handshake is the request's thread's: one that is slow keeps nobody else waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    if server.key is None:
        print("backup-receiver: PREDEPLOY_BACKUP_SECRET is not set, anybody here may ask",
              file=sys.stderr, flush=True)
    print(server.server_address[1], flush=True)
    serve(server)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
