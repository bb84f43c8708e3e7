"""The password and the webhook's secret reach nobody. Every other test searches, too
(world.Predeploy.finish); here stand the inputs that invite a leak."""

import base64
import contextlib
import os
import pathlib
import stat
import subprocess
import time
import urllib.parse

import pytest
import world

ESCAPED = urllib.parse.quote(world.PASSWORD, safe="")
MALFORMED = [
    f"postgresql://app:{ESCAPED}@127.0.0.1:99999/db",
    f"postgresql://app:{ESCAPED}@127.0.0.1:port/db",
    f"postgresql://app:{ESCAPED}@[::1/db",
    f"postgresql://app:{ESCAPED}@host/db?nosuch=1",
    f"postgresql://app:{ESCAPED}@host/db?sslmode",
    f"postgresql://app:{ESCAPED}@host/db?sslmode=nosuch",
    f"postgresql://app:{ESCAPED}%zz@host/db",
    f"postgresql://app:{ESCAPED}%@host/db",
    f"postgresql://app:{ESCAPED}%00@host/db",
    f"postgresql://app:{world.PASSWORD}@host:1/db",
    f"postgres://app:{world.PASSWORD}@/db?host=%zz",
    f"postgresql:/app:{ESCAPED}@host/db",
    f"postgressql://app:{ESCAPED}@host/db",
    f"mysql://app:{ESCAPED}@host/db",
    f"app:{ESCAPED}@host/db",
    f"host=127.0.0.1 password={world.PASSWORD} nosuch=1",
    f"host=127.0.0.1 password='{world.PASSWORD}",
    f"host=127.0.0.1 password = '{world.PASSWORD}' port=x",
    f"password={world.PASSWORD}",
    f"postgresql://app@host/db?password={ESCAPED}&x",
    f"postgresql://h/db?user=app&password={ESCAPED}&port=0x1",
    f"postgresql://app:{ESCAPED}@host1:1,host2/db?target_session_attrs=nosuch",
    f"'postgresql://app:{ESCAPED}@host/db'",
    f" postgresql://app:{ESCAPED}@host/db\n",
    f"postgresql://app:{ESCAPED}@ho st/db",
    f"postgresql://:{ESCAPED}@/",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_malformed(url, repo):
    for args, env in (
        (("deploy",), {"DATABASE_URL": url}),
        (("status", "--format", "json", "--database", url), {}),
    ):
        result = repo.run(*args, env={"PGCONNECT_TIMEOUT": "2", "PGHOST": "127.0.0.1", "PGPORT": "1",
                                      **env})
        assert result.status in (2, 3), result
        assert result.both.strip()


def test_everything_said_with_secrets_at_hand(repo, db, webhook):
    env = {**db.env, **webhook.env}
    for args in (("check", "-v"), ("plan", "-v"), ("deploy", "-v", "--backup"), ("status", "-v"),
                 ("verify", "-v"), ("rollback", "-v"), ("deploy", "--nosuch"), ("--help",)):
        repo.run(*args, env=env)


def test_echoed_by_others(repo, db, webhook):
    """A server or a receiver that repeats what it was sent must not make us print it."""
    webhook.answers = [(400, {}, {"error": f"bad key {world.WEBHOOK_SECRET} for {world.PASSWORD}"})]
    assert repo.run("deploy", "--backup", env={**db.env, **webhook.env}).status == 4
    # in hexadecimal, and unlogged, because the server's log is searched as well
    code = f"convert_from('\\x{world.PASSWORD.encode().hex()}', 'UTF8')"
    repo.migration("0003_echo", "SET log_min_messages = panic;\n"
                   f"DO $$ BEGIN RAISE EXCEPTION 'no % here', {code}; END $$;\n")
    repo.commit("echo")
    assert repo.run("deploy", env=db.env).status == 5
    # neither may the ledger keep it
    text = "\n".join(db.dump("-n", "predeploy", "-t", "predeploy.deployments"))
    assert not world.leaked(text.encode())


def test_process_title(repo, db):
    repo.migration("0003_slow", "SELECT pg_sleep(1.5);\n")
    repo.commit("slow")
    result = repo.run("deploy", "--database", db.url, timeout=90)
    assert result.status == 0, result  # Predeploy.finish looked at the title all the while


URL = f"postgresql://app:{ESCAPED}@db.example.com:5432/shop"
MISPLACED = {
    "command": (URL,),
    "revision": ("check", URL),
    "words": ("check", f"host=db.example.com user=app password='{world.PASSWORD}'"),
    "second": ("deploy", "HEAD", URL),
    "steps": ("rollback", URL),
    "step": ("rollback", "--to", URL),
    "base": ("check", "--base", URL),
    "base=": ("check", f"--base={URL}"),
    "transaction": ("deploy", "--ephemeral", "--transaction", URL),
    "transaction=": ("deploy", "--ephemeral", f"--transaction={URL}"),
    "path": ("check", "--path", URL),
    "repo": ("check", "--repo", URL),
    "layout": ("check", "--layout", URL),
    "format": ("check", "--format", URL),
    "color": ("check", "--color", URL),
    "hook": ("hook", URL),
    "unknown option": ("deploy", f"--databse={URL}"),
    "unknown option's value": ("deploy", "--databse", URL),
    "behind an unknown option": ("deploy", "--nosuch", "--database", URL),
    "option": ("check", f"--{URL}"),
    "help": ("help", URL),
}


class Plug:
    """A pipe that is full: who writes to it stays until it is drawn."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.writer, False)
        self.filling = 0
        for size in (4096, 1):
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.filling += os.write(self.writer, b"x" * size)
        os.set_blocking(self.writer, True)

    def draw(self):
        os.close(self.writer)
        with open(self.reader, "rb") as file:
            return file.read()[self.filling:]


@pytest.mark.parametrize("style", ["human", "json"])
@pytest.mark.parametrize("place", MISPLACED)
def test_misplaced_url(place, style, repo):
    """It is told what is wrong, not what the password is."""
    args = MISPLACED[place]
    if style == "json" and place not in ("format", "help"):
        args = (*args, "--format", "json")
    result = repo.run(*args)  # searches what is printed, and validates what is JSON
    assert result.both.strip(), result
    expected = {"help": (0, 2), "path": (1,)}.get(place, (2, 3))
    assert result.status in expected, result


@pytest.mark.parametrize("place", MISPLACED)
def test_title_of_a_misplaced_url(place, repo):
    """While it is about to say so, its own title is clean: it waits there for the pipe."""
    plug = Plug()
    process = subprocess.Popen(
        [*repo.predeploy.prefix, repo.predeploy.binary, *MISPLACED[place]], cwd=repo.path,
        env=repo.predeploy.env(), stdin=subprocess.DEVNULL, stdout=plug.writer, stderr=plug.writer)
    title = pathlib.Path(f"/proc/{process.pid}/cmdline")
    deadline = time.monotonic() + 2 * repo.predeploy.patience
    seen = b""
    while (not seen or world.leaked(seen)) and time.monotonic() < deadline:
        time.sleep(0.02)
        seen = title.read_bytes()
    waited = process.poll() is None
    said = plug.draw()
    process.wait()
    assert waited and seen and said
    assert not world.leaked(said)
    assert not world.leaked(seen), f"a secret stands in the process title: {seen}"


def test_title_of_the_hook(repo):
    """git gives the hook the remote's URL, and the hook waits for what is pushed."""
    process = repo.predeploy.start("hook", "pre-push", "origin", URL, cwd=repo.path,
                                   stdin=subprocess.PIPE)
    time.sleep(0.5 * repo.predeploy.patience)  # finish looks once more, all the while
    assert repo.predeploy.finish(process, input=b"").status == 0


def test_long_option_with_equals(repo, db):
    assert repo.run("check", f"--database={db.url}").status == 0


def test_the_search_finds(tmp_path, recorder):
    """A search that cannot find is no search."""
    key = world.WEBHOOK_KEY
    for text in (
        world.PASSWORD.encode(),
        ESCAPED.encode(),
        ESCAPED.lower().encode(),
        base64.b64encode(b"app:" + world.PASSWORD.encode()),
        base64.b64encode(b"ab" + world.PASSWORD.encode() + b"x"),
        base64.b64encode(key),
        key,
        world.WEBHOOK_SECRET.encode(),
    ):
        assert world.leaked(b"before " + text + b" behind"), text
    assert not world.leaked(b"postgresql://app@127.0.0.1/db")

    class Nobody:
        def add(self, *chunks):
            pass

    fake = tmp_path / "leaky"
    fake.write_text('#!/bin/sh\necho "cannot connect to $DATABASE_URL"\nexit 3\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    leaky = world.Predeploy(tmp_path / "home2", Nobody(), binary=str(fake))
    with pytest.raises(AssertionError, match="a secret was printed"):
        leaky.run("deploy", env={"DATABASE_URL": f"postgresql://app:{ESCAPED}@h/db"})
    fake.write_text("#!/bin/sh\nsleep 1\nexit 3\n")
    with pytest.raises(AssertionError, match="a process title"):
        leaky.run("deploy", "--database", f"postgresql://app:{ESCAPED}@h/db")
    assert os.path.exists(fake)
