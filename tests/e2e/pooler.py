"""A PgBouncer before the server of the session, for the length of a test."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.parse

import world

PROGRAM = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"


class Pooler:
    def __init__(self, folder, server, mode, size=5, **options):
        self.folder, self.server = folder, server
        folder.mkdir()
        password = world.PASSWORD.replace('"', '""')
        (folder / "users").write_text(f'"app" "{password}"\n')
        lines = dict(
            listen_addr="127.0.0.1", unix_socket_dir="", auth_type="scram-sha-256",
            auth_file=folder / "users", pool_mode=mode, default_pool_size=size,
            max_client_conn=200, logfile=folder / "log", query_wait_timeout=60, **options,
        )
        self.account = server.account
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
            for parent in (folder, *folder.parents):
                if parent.stat().st_uid == 0 and parent.name:
                    parent.chmod(parent.stat().st_mode | 0o011)
        for _ in range(20):
            self.port = world.free_port()
            text = f"[databases]\n* = host={server.folder} port={server.port}\n[pgbouncer]\n"
            text += "".join(f"{name} = {value}\n" for name, value in lines.items())
            (folder / "ini").write_text(text + f"listen_port = {self.port}\n")
            if self._start():
                return
        raise RuntimeError((folder / "log").read_text())

    def _start(self):
        extra = {}
        if self.account:
            extra = dict(user=self.account.pw_uid, group=self.account.pw_gid, extra_groups=[])
        self.process = subprocess.Popen(
            [PROGRAM, "-q", self.folder / "ini"], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **extra,
        )
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def env(self, db):
        password = urllib.parse.quote(world.PASSWORD, safe="")
        return {"DATABASE_URL": f"postgresql://app:{password}@127.0.0.1:{self.port}/{db.name}"}

    @contextlib.contextmanager
    def clients(self, db, count):
        """So many clients, each of which has a session of the server to itself until the end."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(self._client(db)) for _ in range(count)]

    @contextlib.contextmanager
    def _client(self, db):
        env = {"PATH": os.environ["PATH"], "PGPASSWORD": world.PASSWORD, "PGOPTIONS": ""}
        with world.psql_session(self.server, "127.0.0.1", self.port, db.name, env) as say:
            say("BEGIN")
            yield say
