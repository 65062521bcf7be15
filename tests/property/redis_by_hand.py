# SPDX-License-Identifier: MIT
"""A redis-server of one's own, and RESP2 over a socket."""

import os
import socket
import subprocess
import time


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def run(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        parts = [b"*%d\r\n" % len(words)]
        parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
        self.socket.sendall(b"".join(parts))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return rest


class Server:
    """Listens on a free port of the loopback while its `with` lasts."""

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.port = 0

    def __enter__(self):
        for _ in range(5):
            if self.start():
                return self
        raise SystemExit("no redis-server could be started")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def start(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        program = os.environ.get("LARDER_REDIS_SERVER", "redis-server")
        arguments = f"--port {self.port} --bind 127.0.0.1 --appendonly no --dir {self.folder} --save".split() + [""]
        self.process = subprocess.Popen([program] + arguments, stdout=subprocess.DEVNULL)
        for _ in range(500):
            if self.process.poll() is not None:
                return False
            try:
                Connection(self.port).run("PING")
                return True
            except (OSError, RuntimeError):
                time.sleep(0.02)
        self.process.kill()
        self.process.wait()
        return False
