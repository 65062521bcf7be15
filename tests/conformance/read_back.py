#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds larder's bytes against Python's MessagePack library, both ways.

    read_back.py KITCHEN_TOOL

Starts a redis-server, lets KITCHEN_TOOL store a value of every type, reads it
with a socket and msgpack, and compares each field with what it must be. Then
it writes values as another implementation or a newer schema would, and asks
KITCHEN_TOOL what it reads.
"""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

import msgpack

DB = 3


class Redis:
    """RESP2 by hand: enough to set and get bytes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")
        self.run("SELECT", str(DB))

    def run(self, *words):
        words = [word if isinstance(word, bytes) else word.encode() for word in words]
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(request)
        line = self.file.readline()
        if line[:1] == b"-":
            raise RuntimeError(line.decode())
        if line[:1] != b"$":
            return line[1:-2]
        length = int(line[1:])
        return None if length < 0 else self.file.read(length + 2)[:-2]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_server(folder):
    for _ in range(5):
        port = free_port()
        program = os.environ.get("LARDER_REDIS_SERVER", "redis-server")
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            if server.poll() is not None:
                break
            try:
                return server, port, Redis(port)
            except (OSError, RuntimeError):
                time.sleep(0.02)
        server.kill()
        server.wait()
    sys.exit("no redis-server could be started")


failures = 0


def check(what, actual, expected):
    global failures
    if actual != expected or type(actual) is not type(expected):
        failures += 1
        print(f"WRONG {what}\n  is       {actual!r}\n  must be  {expected!r}")


UID = bytes.fromhex("00112233445566778899aabbccddeeff")
LEAF = [7, "oak", 2]
TEXTS = ["", "a", "Grüße, 世界 \U0001f375", "line\nline\ttab"]
TWIG = ["twig", None, [], {}]
F32_MAX = struct.unpack(">f", bytes.fromhex("7f7fffff"))[0]

# By position; those at 15 and 17 are reserved, those before 20 jumped over.
FULL = {
    "id": 1,
    "flag": True,
    "n_u8": 200,
    "n_u16": 60000,
    "n_u32": 4000000000,
    "n_u64": 10000000000000000000,
    "n_i8": -100,
    "n_i16": -30000,
    "n_i32": -2000000000,
    "n_i64": -9000000000000000000,
    "n_f32": 1.25,
    "n_f64": -0.1,
    "text": "tea",
    "blob": b"\x00\x01\xfe\xff",
    "(15)": None,
    "(16)": None,
    "(17)": None,
    "(18)": None,
    "(19)": None,
    "uid": UID,
    "at": 1767225600123,
    "span": -1500,
    "extra": [1, None, "x"],
    "colour": 1,
    "leaf": LEAF,
    "maybe_flag": False,
    "maybe_u32": 0,
    "maybe_i64": -1,
    "maybe_f64": 6.5,
    "maybe_text": "",
    "maybe_blob": b"",
    "maybe_uid": UID,
    "maybe_at": 5,
    "maybe_extra": 1,
    "maybe_colour": 0,
    "maybe_leaf": LEAF,
    "maybe_list": [5, 6],
    "maybe_map": {"k": "v"},
    "flags": [True, False, True],
    "u8s": [0, 127, 128, 255],
    "u64s": [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**64 - 1],
    "i16s": [0, -1, -32, -33, -128, -129, -(2**15), 2**15 - 1],
    "i64s": [0, -32, -33, -129, -32769, -(2**31), 127, 128, 65536, 2**63 - 1, -(2**63)],
    "f32s": [0.0, -1.5, F32_MAX],
    "f64s": [0.0, 1e-300, -sys.float_info.max, 0.1],
    "texts": TEXTS,
    "maybe_texts": ["first", None, "third"],
    "blobs": [b"\x00\xff\x00", b"", b"x"],
    "uids": [UID, bytes(16)],
    "times": [0, 1767225600000, -1],
    "extras": [None, True, "hi", {"k": [1, 2]}],
    "colours": [2, 0],
    "leaves": [[1, "elm", 0], [2, "", 1]],
    "maybe_leaves": [None, LEAF],
    "grid": [[1, 2, 3], [], [2**32 - 1]],
    "rows": [{"a": "1", "b": "2"}, {}],
    "labels": {"": "empty key", "köy": ""},
    "maybe_labels": {"there": "x", "not": None},
    "counts": {"one": 1, "many": 2**32 - 1},
    "by_name": {"ash": [3, "ash", 1]},
    "groups": {"g": TEXTS, "none": []},
    "tables": {"t": {"x": -1, "y": 2**63 - 1}},
    "tree": ["root", TWIG, [["left", None, [], {}], ["right", TWIG, [], {}]], {"n": ["named", None, [], {}]}],
    "class": "first",
    "errno": 4,
}

F32_FIELDS = {"n_f32", "f32s"}


def unpack(data):
    return msgpack.unpackb(data, raw=False, strict_map_key=False)


def read_ours(redis):
    stored = redis.run("GET", "all:1")
    envelope = unpack(stored)
    check("the envelope's length", len(envelope), 4)
    check("meta", envelope[0], 1)
    check("version", envelope[2], 1)
    body = envelope[3]
    check("the number of positions", len(body), len(FULL))
    for (name, expected), actual in zip(FULL.items(), body):
        check(name, actual, expected)
    # The shortest form of everything: the body is what Python's packer makes of it.
    packer = msgpack.Packer(use_bin_type=True)
    head = b"\xdc" + struct.pack(">H", len(FULL))
    for (name, value), actual in zip(FULL.items(), body):
        single = msgpack.Packer(use_bin_type=True, use_single_float=True)
        head += (single if name in F32_FIELDS else packer).pack(value)
    check("the body's bytes", stored[12:].hex(), head.hex())


def wide(value, single=False):
    """Every integer, string and container in its longest form; a float has the one of its type."""
    if value is None or isinstance(value, (bool, float)):
        return msgpack.packb(value, use_single_float=single)
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value) if value < 2**63 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, list):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(wide(item, single) for item in value)
    return b"\xdf" + struct.pack(">I", len(value)) + b"".join(wide(k) + wide(v) for k, v in value.items())


def read_theirs(redis, tool):
    head = redis.run("GET", "all:1")[:12]
    body = list(FULL.values())
    # `any` is passed through as it is: keep the forms we compare with.
    kept = {"extra", "maybe_extra", "extras"}
    parts = [
        msgpack.packb(value, use_bin_type=True) if name in kept else wide(value, name in F32_FIELDS)
        for name, value in FULL.items()
    ]
    redis.run("SET", "all:1", head + b"\xdd" + struct.pack(">I", len(parts)) + b"".join(parts))
    check("every value in its longest form", tool("read"), "same")
    longer = b"\xdc" + struct.pack(">H", len(body) + 2) + b"".join(parts) + msgpack.packb([1, {"new": "field"}]) + b"\xc0"
    redis.run("SET", "all:1", head + longer)
    check("a newer schema's fields are skipped", tool("read"), "same")


def change(redis, tool):
    tool("small")
    stored = redis.run("GET", "small:1")
    head, body = stored[:12], unpack(stored)[3]
    check("a small entry", body, [1, "small", None, None, [1, 2], {}, None, 0])

    def misses(what, value):
        redis.run("SET", "small:1", head + msgpack.packb(value, use_bin_type=True))
        check(what, tool("read-small").split(" ")[0], "LARDER_MISS")

    def same(what, value, text):
        redis.run("SET", "small:1", head + msgpack.packb(value, use_bin_type=True))
        check(what, tool("read-small"), text)

    same("as it was", body, "small 2 red")
    same("a missing field has its default", body[:7], "small 2 blue")
    same("a missing optional is absent", body[:6], "small 2 blue")
    misses("a missing required field", body[:5])
    misses("nothing at all", [])
    misses("nil for a required field", [1, None] + body[2:])
    misses("a string for a number", ["1"] + body[1:])
    misses("a number for a string", [1, 5] + body[2:])
    misses("bytes for a string", [1, b"small"] + body[2:])
    misses("a string over its bound", [1, "x" * 33] + body[2:])
    misses("a list over its bound", body[:4] + [[1, 2, 3, 4]] + body[5:])
    misses("a number over its type", body[:4] + [[256]] + body[5:])
    misses("a negative number", [-1] + body[1:])
    misses("a map over its bound", body[:5] + [{"a": 1, "b": 2, "c": 3}] + body[6:])
    misses("a map key that is no string", body[:5] + [{1: 1}] + body[6:])
    misses("bytes over their bound", body[:6] + [b"x" * 17] + body[7:])
    misses("an enumerator that is none", body[:7] + [3])
    misses("a map for a struct", {"id": 1})
    misses("a string with a NUL", [1, "a\0b"] + body[2:])
    twice = b"\x98" + msgpack.packb(1) + msgpack.packb("n") + b"\xc0\xc0\x90\x82\xa1a\x01\xa1a\x02\xc0\x00"
    redis.run("SET", "small:1", head + twice)
    check("a map key twice", tool("read-small").split(" ")[0], "LARDER_MISS")
    broken = b"\x98\x01\xa2\xc3\x28\xc0\xc0\x90\x80\xc0\x00"
    redis.run("SET", "small:1", head + broken)
    check("a string that is no UTF-8", tool("read-small").split(" ")[0], "LARDER_MISS")


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        server, port, redis = start_server(folder)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("REDIS_", "CACHE_", "KITCHEN_"))}
        environment["REDIS_URL"] = f"redis://127.0.0.1:{port}"

        def tool(verb):
            done = subprocess.run([program, verb], env=environment, capture_output=True, text=True, check=False)
            if done.returncode < 0 or done.stderr:
                check(f"{verb}: {done.stderr}", done.returncode, 0)
            return done.stdout.strip()

        try:
            check("storing", tool("write"), "LARDER_OK")
            read_ours(redis)
            read_theirs(redis, tool)
            change(redis, tool)
        finally:
            server.terminate()
            server.wait()
    print("wrong" if failures else "all bytes are as they must be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
