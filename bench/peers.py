# SPDX-License-Identifier: MIT
"""The peer in Python, for bench_peers: redis-py with json or msgpack.

    python3 peers.py PORT

Prints one line that says what it runs on. Then, for each line `CODEC CASE N`
(json or msgpack; get, set or mget) on its standard input, does CASE N times and
prints {"us": time of one, "sum": over all fields of the products last read}.
Products are those of goods.c, kept as people keep them: a dict, packed whole.
"""
import json
import platform
import sys
import time

import msgpack
import redis

GOODS = 64
TTL_S = 3600
MASK = (1 << 64) - 1
WORDS = ["new", "organic", "handmade", "sale", "gift idea"]


def product(i):
    return {
        "id": 1000000 + i,
        "name": f"Teapot, stoneware, no. {i}",
        "description": f"Thrown by hand in a small workshop, glazed in batch {i * 7}, fired twice. "
        "Holds the heat for an hour; do not put it on the stove.",
        "price": {"amount": 3900 + i, "currency": 0},
        "price_was": {"amount": 4900 + i, "currency": 0} if i % 2 == 0 else None,
        "category_id": 700 + i % 9,
        "availability": i % 3,
        "rating": 3.5 + i / 64.0,
        "labels": [WORDS[(i + j) % 5] for j in range(5)],
        "images": [f"https://img.example/p/{i}/{j}.avif" for j in range(2)],
        "variants": [
            {
                "sku": f"TP-{i}-{j}",
                "title": f"{j}.{i % 10} litres",
                "price": {"amount": 1990 + 100 * j, "currency": 0},
                "stock": i * j - 3,
            }
            for j in range(4)
        ],
        "updated_at": 1767225600000 + i,
    }


def goods_sum(p):
    """As goods_sum() in goods.c: what shows that the same was read."""
    total = p["id"] + ord(p["name"][0]) + ord(p["description"][0])
    total += p["price"]["amount"] + p["price"]["currency"] + p["category_id"] + p["availability"]
    total += p["price_was"]["amount"] if p["price_was"] else 0
    total += int(p["rating"] * 1000) + p["updated_at"]
    for texts in (p["labels"], p["images"]):
        total += len(texts) + sum(ord(text[0]) for text in texts)
    for v in p["variants"]:
        total += ord(v["sku"][0]) + ord(v["title"][0]) + v["price"]["amount"] + v["stock"]
    return total & MASK


CODECS = {"json": (json.dumps, json.loads), "msgpack": (msgpack.packb, msgpack.unpackb)}


class Peer:
    def __init__(self, port):
        self.server = redis.Redis(host="127.0.0.1", port=port)
        self.goods = [product(i) for i in range(GOODS)]
        self.read = []

    def keys(self, codec):
        return [f"{codec}:product:{p['id']}" for p in self.goods]

    def set(self, codec, n):
        pack = CODECS[codec][0]
        for i in range(n):
            p = self.goods[i % GOODS]
            self.server.set(f"{codec}:product:{p['id']}", pack(p), ex=TTL_S)

    def get(self, codec, n):
        unpack = CODECS[codec][1]
        self.read = []
        for i in range(n):
            value = unpack(self.server.get(f"{codec}:product:{self.goods[i % GOODS]['id']}"))
            if i < GOODS:
                self.read.append(value)

    def mget(self, codec, n):
        unpack = CODECS[codec][1]
        keys = self.keys(codec)
        for _ in range(n):
            self.read = [unpack(value) for value in self.server.mget(keys)]


def parser():
    try:
        import hiredis

        return f"hiredis-py {getattr(hiredis, '__version__', '')}".strip()
    except ImportError:
        return "its parser in Python"


def main():
    peer = Peer(int(sys.argv[1]))
    version = ".".join(str(part) for part in msgpack.version)
    print(
        f"Python {platform.python_version()}, redis-py {redis.__version__} with {parser()}, msgpack {version}",
        flush=True,
    )
    for line in sys.stdin:
        codec, case, n = line.split()
        run = getattr(peer, case)
        started = time.perf_counter()
        run(codec, int(n))
        us = (time.perf_counter() - started) * 1e6 / int(n)
        print(json.dumps({"us": us, "sum": sum(map(goods_sum, peer.read)) & MASK}), flush=True)


main()
