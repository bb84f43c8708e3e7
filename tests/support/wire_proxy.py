"""A proxy on loopback between libpq and PostgreSQL that knows where a message of the protocol begins
and ends. It counts the messages of both directions over all connections of a run, and at one of them
does what the test says: cuts the connection before it, behind it or in the middle of it, lets nothing
through any more, or whatever a function of the test does.

A pipelining client puts many messages into one segment: they are told apart all the same."""

import contextlib
import socket
import struct
import threading
import time

FRONT, BACK = "front", "back"

# What can be done with a message. CUT_AFTER delivers it and nothing that comes back; HOLE swallows
# everything from here on, HOLE_AFTER everything behind it, HOLE_ONE everything of this connection, and
# the sockets stay open.
PASS, CUT_BEFORE, CUT_AFTER, CUT_MIDDLE, HOLE, HOLE_AFTER, HOLE_ONE = (
    "pass", "before", "after", "middle", "hole", "hole-after", "hole-one")

CANCEL_REQUEST = 80877102
NO_ENCRYPTION = (80877103, 80877104)  # SSLRequest, GSSENCRequest


class Message:
    """A message that has come and was not delivered yet. `number` counts from 1 in its direction."""

    def __init__(self, link, direction, number, data, startup):
        self.link, self.direction, self.number, self.data = link, direction, number, data
        self.kind = "startup" if startup else chr(data[0])

    def __repr__(self):
        return f"{self.direction} {self.number} of connection {self.link.number}: {self.kind} {self.data[5:85]!r}"


class Link:
    """One connection: the socket to the client, the socket to the server, and the server's process."""

    def __init__(self, number, client, server):
        self.number, self.client, self.server = number, client, server
        self.pid = None  # as BackendKeyData has it
        self.cut = self.hole = False

    def close_client(self):
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)

    def close_server(self):
        """What was sent is delivered before the end is seen, and what still comes is read away."""
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_WR)

    def sever(self):
        self.cut = True
        self.close_client()
        self.close_server()


class DelayLine:
    """Delivers what is sent into it some time later, in order."""

    def __init__(self, sock, seconds):
        self.sock, self.seconds = sock, seconds
        self.items = []
        self.changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def sendall(self, data):
        with self.changed:
            self.items.append((time.monotonic() + self.seconds, data))
            self.changed.notify()

    def _run(self):
        while True:
            with self.changed:
                while not self.items:
                    self.changed.wait()
                due, data = self.items.pop(0)
            time.sleep(max(0, due - time.monotonic()))
            try:
                self.sock.sendall(data)
            except OSError:
                return


class Proxy:
    """`at` is (direction, number) of a message, or a function that knows it when it sees it; `action` is
    what is done with it, or a function that is given the message, may do other things first, and
    answers what is done: nothing else moves until it returns. `hit` is that message when it has come."""

    def __init__(self, port, at=None, action=PASS, host="127.0.0.1", delay=0, record=False):
        self.target, self.at, self.action, self.delay = (host, port), at, action, delay
        self.counts = {FRONT: 0, BACK: 0}
        self.links, self.seen = [], [] if record else None
        self.hit = None
        self.hole = self.closed = False
        self.lock = threading.RLock()
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.closed = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:  # what an action has begun ends first
            self.sever_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def pids(self):
        return [link.pid for link in self.links if link.pid]

    def sever_all(self):
        for link in list(self.links):
            link.sever()

    def _accept(self):
        while not self.closed:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            try:
                server = socket.create_connection(self.target)
            except OSError:
                return
            with server:
                for sock in (client, server):
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.lock:
                    link = Link(len(self.links) + 1, client, server)
                    self.links.append(link)
                back = threading.Thread(target=self._pump, args=(link, BACK), daemon=True)
                back.start()
                self._pump(link, FRONT)
                back.join()

    def _pump(self, link, direction):
        source, sink = (link.client, link.server) if direction == FRONT else (link.server, link.client)
        line = DelayLine(sink, self.delay) if self.delay else sink
        startup, held = direction == FRONT, b""
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                break
            if not data:
                break
            held += data
            with contextlib.suppress(OSError):
                startup, held = self._forward(link, direction, startup, held, line)
            if link.cut:
                link.sever()
        if self.delay:
            time.sleep(2 * self.delay)
        # In a hole nobody hears of an end either, until the proxy itself is closed.
        if not (self.hole or link.hole) or self.closed:
            link.close_server() if direction == FRONT else link.close_client()

    def _forward(self, link, direction, startup, held, line):
        """Delivers the whole messages of `held`; answers what is left."""
        begin = end = 0  # of what passes in one piece
        while (length := size_of(held, end, startup)) is not None and end + length <= len(held):
            code = struct.unpack_from("!I", held, end + 4)[0] if startup else None
            if code in NO_ENCRYPTION:
                link.client.sendall(b"N")
                begin = end = end + length
                continue
            if code != CANCEL_REQUEST and self._is_hit(link, direction, held, end, length, startup):
                line.sendall(held[begin:end])
                self._act(link, direction, held[end : end + length], line)
                begin = end + length
            elif link.cut or link.hole or self.hole:
                begin = end + length
            startup = False
            end += length
        if end > begin:
            line.sendall(held[begin:end])
        return startup, held[end:]

    def _is_hit(self, link, direction, held, at, length, startup):
        if direction == BACK and held[at] == ord("K"):
            link.pid = struct.unpack_from("!I", held, at + 5)[0]
        with self.lock:
            if link.cut or link.hole or self.hole:
                return False
            self.counts[direction] += 1
            place = (direction, self.counts[direction])
            if self.seen is None and not callable(self.at) and place != self.at:
                return False
            message = Message(link, *place, held[at : at + length], startup)
            if self.seen is not None:
                self.seen.append(message)
            found = self.hit is None and (self.at(message) if callable(self.at) else place == self.at)
            if found:
                self.hit = message
            return found

    def _act(self, link, direction, data, line):
        with self.lock:
            action = self.action(self.hit) if callable(self.action) else self.action
            if action == PASS:
                line.sendall(b"" if link.cut else data)
            elif action in (HOLE, HOLE_AFTER, HOLE_ONE):
                self.hole = self.hole or action != HOLE_ONE
                link.hole = True
                line.sendall(data if action == HOLE_AFTER else b"")
            else:
                if direction == FRONT:
                    link.close_client()  # the answer to it must not overtake the cut
                some = {CUT_BEFORE: 0, CUT_AFTER: len(data), CUT_MIDDLE: len(data) // 2}[action]
                try:
                    line.sendall(data[:some])
                finally:
                    link.cut = True  # from here on the other direction closes what it finds open


def size_of(data, at, startup):
    """How long the message that begins `at` is, with its type; None when that cannot be told yet."""
    head = 4 if startup else 5
    if len(data) < at + head:
        return None
    return struct.unpack_from("!I", data, at + head - 4)[0] + head - 4
