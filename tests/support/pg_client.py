"""As much of a PostgreSQL client as the tests need where starting psql a thousand times would be most of
their time: simple queries over a Unix socket, whose server trusts it."""

import socket
import struct


class ServerError(Exception):
    pass


class Client:
    def __init__(self, folder, port, database, user="app"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{folder}/.s.PGSQL.{port}")
        self.file = self.socket.makefile("rb")
        words = f"user\0{user}\0database\0{database}\0application_name\0test\0\0".encode()
        self.socket.sendall(struct.pack("!II", len(words) + 8, 196608) + words)
        self._answer()

    def query(self, sql):
        """Rows of the last statement that has any, as tuples of text or None."""
        data = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", len(data) + 4) + data)
        return self._answer()

    def one(self, sql):
        return self.query(sql)[0][0]

    def _answer(self):
        rows, error = [], None
        while True:
            head = self.file.read(5)
            if len(head) < 5:
                raise ServerError(error or "the connection was closed")
            kind, length = struct.unpack("!cI", head)
            body = self.file.read(length - 4)
            if kind == b"T":
                rows = []
            elif kind == b"D":
                rows.append(values(body))
            elif kind == b"E":
                error = body.replace(b"\0", b" ").decode(errors="replace")
            elif kind == b"Z":
                if error:
                    raise ServerError(error)
                return rows

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def values(body):
    found, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        length = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        found.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return tuple(found)
