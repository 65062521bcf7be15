#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Flips every single bit of stored values, and tables what a reader makes of it.

    flips.py --larder PROGRAM --library FILE

The values are the entries of tests/vectors/wire.txt, each plain, as a zstd frame
without and with a checksum, and as an LZ4 block. Every one of their bits is flipped in a
redis-server and read by the cache; wire.py says what must be seen. A flip in the
head (up to the version; of compressed values codec, size and length, too) must be no value
whatever it hits: a miss, or of a nil, which only an `any` is, a mark that there is none. A flip in
a body may be a value of the type: docs/wire-format.md, "What it does not protect", has the
figures that this prints.
"""

import shutil
import sys
import tempfile

import vectors  # first: it knows where tests/property is
import interop
import roundtrip
import wire
from oracle_schema import Schema
from redis_by_hand import Server
from roundtrip import wrong

LARGEST_BODY = 300  # larger ones have more of the same


class Row:
    def __init__(self):
        self.head = self.leaks = self.body = self.same = self.other = 0


def summed(body):
    return wire.zstandard.ZstdCompressor(write_checksum=True).compress(body)


FORMS = {
    "plain": None,
    "zstd": (wire.ZSTD, lambda body: wire.packed(wire.ZSTD, body)),
    "zstd, checksum": (wire.ZSTD, summed),
    "LZ4": (wire.LZ4, lambda body: wire.packed(wire.LZ4, body)),
}


def flipped(stored):
    for bit in range(8 * len(stored)):
        changed = bytearray(stored)
        changed[bit // 8] ^= 1 << bit % 8
        yield bit // 8, bytes(changed)


def check(schema, child, line, stored, head, row):
    for at, changed in flipped(stored):
        status = "LARDER_MISS"
        try:
            value, there = wire.read(schema, line.entity, line.key, changed), True
        except wire.Empty as empty:
            value, there, status = None, False, str(empty)
        except wire.NotThere:
            value, there = None, False
        if status != "LARDER_MISS" and stored[head:] != b"\xc0":
            wrong(f"{line}, byte {at}", f"a flip makes {status} of a value")
        answer = child.read(line.entity, line.index, changed)
        wanted = ["LARDER_OK", "LARDER_OK", "same" if value == line.value else "other"] if there else [status, "LARDER_OK", "other"]
        if answer != wanted:
            wrong(f"{line}, byte {at}", f"{' '.join(answer)}, not {' '.join(wanted)}")
        if at < head:
            row.head += 1
            row.leaks += there
        else:
            row.body += 1
            row.same += there and value == line.value
            row.other += there and value != line.value


def run(schema, lines, child, row, form):
    for line in lines:
        body = line.stored[len(wire.sealed(schema, line.entity, line.key, b"")) :]
        if len(body) > LARGEST_BODY:
            continue
        stored, packed = line.stored, body
        if form:
            codec, pack = form
            packed = pack(body)
            stored = wire.sealed_packed(schema, line.entity, line.key, codec, len(body), packed)
        check(schema, child, line, stored, len(stored) - len(packed), row)


def main():
    options = interop.parse(__doc__)
    schema = Schema(vectors.SCHEMA)
    lines = [line for line in vectors.lines(schema) if line.kind == "entry"]
    cases = interop.make_cases(schema, lines)
    rows = {name: Row() for name in FORMS}
    folder = tempfile.mkdtemp(prefix="larder-flips-")
    try:
        with Server(folder) as server:
            child = interop.Child(schema, cases, interop.make_program(schema, cases, options, folder), server)
            for name, form in FORMS.items():
                run(schema, lines, child, rows[name], form)
            child.close()
    finally:
        shutil.rmtree(folder)
    for name, row in rows.items():
        print(f"{name:15} head: {row.head} flips, {row.leaks} pass; body: {row.body} flips, {row.other} are another value, {row.same} the same")
        if row.leaks:
            wrong(name, "a flip in the head passes")
    if rows["zstd, checksum"].other:
        wrong("a frame with a checksum", "a flip in it is another value")
    print("wrong" if roundtrip.failures else "all is as it must be")
    return 1 if roundtrip.failures else 0


if __name__ == "__main__":
    sys.exit(main())
