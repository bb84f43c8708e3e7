"""docs/examples/backup-receiver.py, which people start from: what it accepts and refuses, that one id
makes one backup, and how it ends. tests/integration/backup/test_receiver.c asks it as predeploy does."""

import base64
import concurrent.futures
import hashlib
import hmac
import http.client
import json
import signal
import subprocess
import sys
import time

import pytest
import world

RECEIVER = world.ROOT / "docs/examples/backup-receiver.py"
REQUEST = {"event": "predeploy.backup", "action": "deploy", "commit": "ab" * 20,
           "database": {"host": "db", "port": "5432", "name": "shop"}}
DONE = ("#!/bin/sh\necho $BACKUP_ID >>made\nwhile [ -e wait ]; do sleep 0.02; done\necho loud words\n"
        "echo $BACKUP_DATABASE-$BACKUP_ID\n")


class Service:
    def __init__(self, folder, program=None, options=(), env=None):
        self.folder = folder
        self.key = world.WEBHOOK_KEY
        command = [sys.executable, str(RECEIVER), "--port", "0", *options]
        if program is not None:
            (folder / "program").write_text(program)
            (folder / "program").chmod(0o755)
            command += ["--command", "./program"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "PREDEPLOY_BACKUP_SECRET": world.WEBHOOK_SECRET, **(env or {})},
        )
        self.port = int(self.process.stdout.readline() or 0)

    def ask(self, method="POST", path="/backup", body=None, ident="one", age=0, **headers):
        body = json.dumps(REQUEST).encode() if body is None and method == "POST" else body or b""
        at = str(int(time.time()) - age)
        digest = hmac.new(self.key, f"{ident}.{at}.".encode() + body, hashlib.sha256).digest()
        sent = {"webhook-id": ident, "webhook-timestamp": at,
                "webhook-signature": "v1," + base64.b64encode(digest).decode(), **headers}
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        link.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
        answer = link.getresponse()
        text = answer.read()
        link.close()
        return answer.status, json.loads(text), answer.headers

    def hold(self):
        """A backup that is begun now goes on to its end when the name is taken away."""
        wait = self.folder / "wait"
        wait.touch()
        return wait

    def outcome(self, ident="one"):
        until = time.monotonic() + 10
        while time.monotonic() < until:
            status, answer, _ = self.ask("GET", f"/backup/{ident}", ident=ident)
            if status != 202:
                return answer
            time.sleep(0.02)
        raise AssertionError("it does not end")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        return self.process.communicate()[1].decode()


@pytest.fixture
def start(tmp_path):
    running = []

    def make(*args, **keywords):
        running.append(Service(tmp_path, *args, **keywords))
        return running[-1]

    yield make
    for service in running:
        service.end()


def other(**changes):
    return json.dumps({**REQUEST, **changes}).encode()


REFUSED = {
    "signed with another key": ({"webhook-signature": "v1," + "A" * 43 + "="}, 401),
    "not signed": ({"webhook-signature": None}, 401),
    "another version of signatures": ({"webhook-signature": "v2,AAAA"}, 401),
    "signed long ago": ({"age": 400}, 401),
    "signed in the future": ({"age": -400}, 401),
    "no timestamp": ({"webhook-timestamp": None}, 400),
    "an id that is a path": ({"ident": "../x"}, 400),
    "an id that is too long": ({"ident": "x" * 65}, 400),
    "another path": ({"path": "/backups"}, 404),
    "another event": ({"body": other(event="predeploy.other")}, 400),
    "no object": ({"body": b"[]"}, 400),
    "no JSON": ({"body": b"{"}, 400),
    "very deep JSON": ({"body": b"[" * 100000}, 400),
    "too large": ({"Content-Length": str(1 << 21)}, 413),
    "a length that is no number": ({"Content-Length": "-1"}, 413),
}


@pytest.mark.parametrize("change", REFUSED)
def test_one_thing_wrong(change, start):
    keywords, status = REFUSED[change]
    service = start(DONE)
    wait = service.hold()
    assert service.ask(ident="agrees")[0] == 202
    got, answer, _ = service.ask(**keywords)
    assert got == status and answer["message"]
    wait.unlink()
    assert service.outcome("agrees")["status"] == "completed"
    made = (service.folder / "made").read_text()
    assert made == "agrees\n", "what was refused made a backup"


def test_poll(start):
    service = start(DONE)
    wait = service.hold()
    status, answer, headers = service.ask()
    assert (status, answer) == (202, {"status": "running"})
    assert headers["Location"] == "/backup/one" and headers["Retry-After"] == "1"
    assert service.ask("GET", "/backup/one", ident="two")[0] == 404, "another's backup"
    assert service.ask("GET", "/backup/one", **{"webhook-signature": None})[0] == 401
    wait.unlink()
    assert service.outcome() == {"status": "completed", "reference": "shop-one"}


def test_one_id_makes_one_backup(start):
    service = start(DONE)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: service.ask()[0], range(16)))
    assert set(answers) <= {200, 202}
    assert service.outcome() == {"status": "completed", "reference": "shop-one"}
    assert service.ask()[:2] == (200, {"status": "completed", "reference": "shop-one"})
    assert (service.folder / "made").read_text() == "one\n"


PROGRAMS = {
    "it fails": ("exit 3\n", "the backup's program ended with 3"),
    "it prints nothing": ("exit 0\n", "printed no reference"),
    "its reference is too long": ("printf %0600d 1\n", "printed no reference"),
    "it takes too long": ("sleep 60\n", "took longer than 0.3 s"),
    "it sees no secret": ('[ -z "$PREDEPLOY_BACKUP_SECRET" ] && exit 4; exit 5\n', "ended with 4"),
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_the_program(what, start):
    body, message = PROGRAMS[what]
    service = start("#!/bin/sh\n" + body, ("--timeout", "0.3"))
    assert service.ask()[0] in (200, 202)
    answer = service.outcome()
    assert answer["status"] == "failed" and message in answer["message"]
    assert not world.leaked(json.dumps(answer).encode())


def test_it_ends_when_what_runs_is_told(start):
    service = start(DONE)
    wait = service.hold()
    assert service.ask()[0] == 202
    service.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    assert service.ask(ident="late")[0] == 503
    wait.unlink()
    assert service.outcome()["status"] == "completed"
    assert service.process.wait(20) == 0
    assert (service.folder / "made").read_text() == "one\n"
    assert "Traceback" not in service.end()


def test_it_ends_at_once_when_nothing_runs(start):
    service = start()
    assert service.ask()[:2][0] == 200
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(20) == 0


def test_another_address_needs_a_secret(start):
    service = start(options=("--host", "0.0.0.0"), env={"PREDEPLOY_BACKUP_SECRET": ""})
    assert service.process.wait(5) == 2
    assert "set PREDEPLOY_BACKUP_SECRET" in service.end()
