"""A long line on loopback: everything that goes through arrives later, each way. Run as a program it
serves until it is killed:  link.py TARGET_PORT DELAY_MS COUNT_FILE  prints the port it listens on, and
appends to the file, for each connection that ended, how many round trips its client waited for."""

import asyncio
import sys


class Line:
    def __init__(self, target, delay, counts):
        self.target, self.delay, self.counts = target, delay, counts

    async def serve(self):
        server = await asyncio.start_server(self.connect, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def connect(self, reader, writer):
        loop = asyncio.get_running_loop()
        # A connection over such a line takes a round trip before its first byte can go.
        opened = loop.time() + 2 * self.delay
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        trips = {"count": 0, "last": None}
        await asyncio.gather(self.carry(reader, far_writer, trips, "client", opened),
                             self.carry(far_reader, writer, trips, "server", 0))
        with open(self.counts, "a") as file:
            file.write(f"{trips['count']}\n")

    async def carry(self, reader, writer, trips, who, opened):
        """One direction. What the client sends behind something of the server is a round trip."""
        loop = asyncio.get_running_loop()
        last = None
        while True:
            data = await reader.read(1 << 16)
            if data and who == "client" and trips["last"] != "client":
                trips["count"] += 1
            trips["last"] = who
            due = max(loop.time(), opened) + self.delay
            last = loop.call_at(due, self.deliver, writer, data)
            if not data:
                break
        await asyncio.sleep(max(0.0, last.when() - loop.time()) + 0.001)

    @staticmethod
    def deliver(writer, data):
        if writer.is_closing():
            return
        if data:
            writer.write(data)
        else:
            writer.close()


if __name__ == "__main__":
    try:
        asyncio.run(Line(int(sys.argv[1]), float(sys.argv[2]) / 1000, sys.argv[3]).serve())
    except KeyboardInterrupt:
        pass
