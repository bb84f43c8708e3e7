"""Runs the commands of a page in one bash, as its reader would."""

import contextlib
import os
import pathlib
import re
import select
import signal
import subprocess
import time

PATIENCE = 90  # seconds a command


class Hung(Exception):
    pass


class Session:
    """A bash that keeps its folder and variables from one command to the next."""

    def __init__(self, folder, env, replies):
        self.replies = pathlib.Path(replies)
        self.replies.mkdir()
        self.count = 0
        self.mark = b"\0HOME=" + os.fsencode(env["HOME"]) + b"\0"
        reader, writer = os.pipe()
        self.reader = os.fdopen(reader, "rb", buffering=0)
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=(writer,), start_new_session=True,
        )
        self.fd = writer
        os.close(writer)

    def run(self, text):
        """(exit status, what was printed)"""
        self.count += 1
        script = self.replies / f"{self.count}.sh"
        output = self.replies / f"{self.count}.out"
        script.write_text(text + "\n")
        # The status goes to a descriptor that the command itself does not have.
        self.process.stdin.write(
            f"source '{script}' >>'{output}' 2>&1 </dev/null {self.fd}>&-; "
            f"echo $? >&{self.fd}\n".encode()
        )
        self.process.stdin.flush()
        status = self._status(text)
        return status, output.read_text(errors="replace")

    def folder(self):
        return pathlib.Path(self.run("pwd")[1].rstrip("\n"))

    def _status(self, text):
        end = time.monotonic() + PATIENCE
        reply = b""
        while not reply.endswith(b"\n"):
            if not select.select([self.reader], [], [], max(0, end - time.monotonic()))[0]:
                raise Hung(f"no end after {PATIENCE} s: {text}")
            got = os.read(self.reader.fileno(), 64)
            if not got:
                raise Hung(f"the session ended in: {text}")
            reply += got
        return int(reply)

    def close(self):
        """Ends bash and whatever a page has started and not ended."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._ours():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            time.sleep(0.05)
        self.process.stdin.close()
        self.process.wait()
        self.reader.close()


    def _ours(self):
        """Also those that are in no group of ours any more: all have HOME, which nobody else has."""
        found = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark in b"\0" + (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found


def plain(text):
    """Without the sequences that colour a terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
