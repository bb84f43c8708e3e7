"""The backup by webhook: no backup, no deploy."""

import base64
import hashlib
import hmac
import json
import pathlib
import re
import time

import pytest
import world


@pytest.fixture
def both(repo, db, webhook):
    return repo, {**db.env, **webhook.env}


def test_backup(both, db, webhook):
    repo, env = both
    result = repo.run("deploy", "--backup", "--format", "json", env=env)
    assert result.status == 0, result
    (method, _, headers, body), = webhook.requests
    assert method == "POST"
    report, sent = result.json, json.loads(body)
    head = {name.lower(): value for name, value in headers.items()}
    assert head["webhook-id"] == report["deployment"]["id"]
    assert abs(int(head["webhook-timestamp"]) - time.time()) < 300
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(world.WEBHOOK_KEY, signed, hashlib.sha256).digest())
    assert head["webhook-signature"] == f"v1,{wanted.decode()}"
    text = json.dumps(sent)
    for part in (report["revision"]["commit"], db.name, "127.0.0.1", str(db.server.port),
                 "0000_customers", "0002_seed", report["deployment"]["id"]):
        assert part in text, part
    assert db.query("SELECT backup_reference FROM predeploy.deployments") == "backup-1"
    assert "backup-1" in json.dumps(report)
    again = repo.run("deploy", "--backup", env=env)
    assert again.status == 0 and len(webhook.requests) == 1, "nothing pending, no backup"


def test_asked_for_by_settings_or_environment(both, webhook):
    repo, env = both
    assert repo.run("deploy", env={**env, "DB_BACKUP_BEFORE_MIGRATE": "false"}).status == 0
    assert webhook.requests == []
    repo.run("rollback", env=env)
    webhook.requests.clear()
    assert repo.run("deploy", env={**env, "DB_BACKUP_BEFORE_MIGRATE": "true"}).status == 0
    assert len(webhook.requests) == 1
    repo.write(".predeploy", "[backup]\n\trequired = true\n")
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("required")
    assert repo.run("deploy", env=env).status == 0
    assert len(webhook.requests) == 2


def test_polling(both, webhook):
    repo, env = both
    url = webhook.url.replace("/backup", "/jobs/1")
    webhook.answers = [
        (202, {"Location": "/jobs/1"}, {"status": "running"}),
        (200, {"Retry-After": "1"}, {"status": "running"}),
        (200, {}, {"status": "completed", "reference": "job-1"}),
    ]
    result = repo.run("deploy", "--backup", "--format", "json", env=env)
    assert result.status == 0, result
    assert [(r[0], r[1]) for r in webhook.requests] == [
        ("POST", "/backup"), ("GET", "/jobs/1"), ("GET", "/jobs/1")]
    assert "job-1" in json.dumps(result.json)
    webhook.requests.clear()
    webhook.answers = [(202, {}, {"status": "running", "status_url": url}),
                       (200, {}, {"status": "failed", "error": "disk full"})]
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("more")
    failed = repo.run("deploy", "--backup", env=env)
    assert failed.status == 4, failed


def test_retries_keep_the_id(both, webhook):
    repo, env = both
    webhook.answers = [(503, {"Retry-After": "0"}, {}), (429, {"Retry-After": "0"}, {}),
                       (200, {}, {"status": "completed"})]
    assert repo.run("deploy", "--backup", env=env).status == 0
    ids = {headers.get("webhook-id") or headers.get("Webhook-Id") for _, _, headers, _ in webhook.requests}
    assert len(webhook.requests) == 3 and len(ids) == 1 and None not in ids


FAILURES = {
    "refused": [(403, {}, {"error": "no"})],
    "redirect": [(302, {"Location": "http://127.0.0.1:1/"}, {})],
    "failed": [(200, {}, {"status": "failed", "error": "the disk is full"})],
    "not json": [(200, {}, b"<html>hello</html>")],
    "no status": [(200, {}, {})],
    "empty": [(200, {}, b"")],
    "huge": [(200, {}, b"x" * (32 << 20))],
    "control": [(400, {}, b"\x1b[31m\x07 no\n##[error]x")],
    "never": [(202, {"Location": "/jobs/1"}, {"status": "running"})],
}


@pytest.mark.parametrize("name", FAILURES)
def test_no_backup_no_deploy(name, both, db, webhook):
    repo, env = both
    repo.write(".predeploy", "[backup]\n\ttimeout = 3s\n")
    repo.commit("timeout")
    webhook.answers = FAILURES[name]
    before = db.dump_but_ledger()
    result = repo.run("deploy", "--backup", env=env)
    assert result.status == 4, result
    assert db.dump_but_ledger() == before
    assert db.applied() == []
    assert "\x1b" not in result.both and "\x07" not in result.both and "##[" not in result.both


def test_nobody_listens(both, db):
    repo, env = both
    repo.write(".predeploy", "[backup]\n\ttimeout = 2s\n")
    repo.commit("timeout")
    env["PREDEPLOY_BACKUP_URL"] = f"http://127.0.0.1:{world.free_port()}/"
    result = repo.run("deploy", "--backup", env=env)
    assert result.status == 4, result
    assert db.tables() == []


@pytest.mark.parametrize("url", [
    None, "", "nonsense", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://backup.example.com/x",
    "http://127.0.0.1.example.com/", "http://user:secret@127.0.0.1/", "https://",
])
def test_urls_that_may_not_be_used(url, repo, db):
    env = dict(db.env)
    if url is not None:
        env["PREDEPLOY_BACKUP_URL"] = url
    before = db.dump()
    result = repo.run("deploy", "--backup", env=env)
    assert result.status == 2, result
    assert db.dump() == before


def test_plain_http_elsewhere_needs_a_word(repo, db):
    repo.write(".predeploy", "[backup]\n\ttimeout = 1s\n")
    repo.commit("timeout")
    env = {**db.env, "PREDEPLOY_BACKUP_URL": "http://backup.invalid/x"}
    assert repo.run("deploy", "--backup", env=env).status == 2
    assert repo.run("deploy", "--backup", "--allow-http-backup", env=env).status == 4


def test_without_libcurl(both, db, tmp_path):
    """It is loaded when it is wanted. One that is no library stands for none."""
    repo, env = both
    name, = re.findall(rb"libcurl[\w-]*\.so\.\d+", pathlib.Path(world.BINARY).read_bytes())
    (tmp_path / name.decode()).write_bytes(b"")
    env["LD_LIBRARY_PATH"] = str(tmp_path)
    asked = repo.run("deploy", "--backup", env=env)
    assert asked.status == 4 and "libcurl cannot be loaded" in asked.both, asked
    assert name.decode() in asked.both and "libcurl4" in asked.both, asked
    assert db.applied() == [] and db.tables() == []
    assert repo.run("deploy", env=env).status == 0


def test_the_example_receiver(repo, db):
    """docs/examples/backup-receiver.py is what people start from: it must work as it stands."""
    import subprocess
    import sys

    process = subprocess.Popen(
        [sys.executable, "-u", world.ROOT / "docs/examples/backup-receiver.py", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "PREDEPLOY_BACKUP_SECRET": world.WEBHOOK_SECRET},
    )
    try:
        port = process.stdout.readline().decode().strip()
        env = {**db.env, "PREDEPLOY_BACKUP_URL": f"http://127.0.0.1:{port}/backup",
               "PREDEPLOY_BACKUP_SECRET": world.WEBHOOK_SECRET}
        result = repo.run("deploy", "--backup", env=env)
        assert result.status == 0, result
        assert db.query("SELECT backup_reference FROM predeploy.deployments")
    finally:
        process.kill()
        process.communicate()
