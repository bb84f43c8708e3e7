"""A PostgreSQL of the benchmark's own, on loopback and on a socket, that forgets all at its end. It
does not wait for disks (fsync=off): what is measured is what tools do, not what a disk does."""

import contextlib
import os
import pathlib
import pwd
import socket
import subprocess

OPTIONS = ("-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c autovacuum=off "
           "-c shared_buffers=128MB -c max_locks_per_transaction=1024")


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder, env):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.env = env
        # The programs themselves: what stands on PATH may be a wrapper that takes its own time.
        self.bin = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
                       key=lambda path: int(path.parts[4])).parent
        self.account = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            self.account = dict(user=entry.pw_uid, group=entry.pw_gid, extra_groups=[])
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self.folder.parent.chmod(0o711)
        self.port = free_port()
        self.count = 0
        self._tool("initdb", "-D", self.folder / "data", "-U", "bench", "-A", "trust", "-E", "UTF8",
                   "--locale=C", "--no-sync")
        self._tool("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-o",
                   f"-k {self.folder} -p {self.port} {OPTIONS}", "start")

    def _tool(self, name, *args):
        subprocess.run([self.bin / name, *args], check=True, cwd=self.folder, env=self.env,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **self.account)

    def stop(self):
        self._tool("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def url(self, database, port=None):
        return f"postgresql://bench@127.0.0.1:{port or self.port}/{database}"

    def psql(self, database, *args, port=None):
        """The command line of psql, without anybody's settings."""
        return [str(self.bin / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                self.url(database, port), *map(str, args)]

    def ask(self, database, sql):
        env = dict(self.env, PGOPTIONS="-c client_min_messages=warning")
        done = subprocess.run([*self.psql(database, "-A", "-t"), "-c", sql], check=True, env=env,
                              stdout=subprocess.PIPE)
        return done.stdout.decode().strip()

    def fresh(self):
        """A new database. The one before is given up."""
        if self.count > 0:
            self.ask("postgres", f"DROP DATABASE IF EXISTS bench_{self.count} WITH (FORCE)")
        self.count += 1
        self.ask("postgres", f"CREATE DATABASE bench_{self.count} TEMPLATE template0")
        return f"bench_{self.count}"
