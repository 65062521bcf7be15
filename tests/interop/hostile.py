#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stores what nobody of ours would, at the keys of a cache at work.

    hostile.py --larder PROGRAM --library FILE [--seed N]

For every entity of tests/vectors/wire.yaml, in a redis-server: heads that announce
4 Gi in five bytes, nesting, lengths past the end and wrong types, at the root, behind
a right envelope and in the place of every single item; the values of every
other entity, with their envelope and with ours; the values of other keys; all of it
compressed, too, and compressed values that lie about what is in them; random
bytes. wire.py says which are no value (a few are: nobody minds what is in a hole).
Each of those must be a miss and counted as a decode error (but for what is only
empty, or without its versions), none may be an error,
and the process must not grow.

tests/fault row 44 does some of it to one entity under load, tests/property flips and
cuts bytes.
"""

import os
import random
import shutil
import sys
import tempfile

import vectors  # first: it knows where tests/property is
import interop
import roundtrip
import wire
from oracle_schema import Schema
from oracle_wire import Reader
from redis_by_hand import Server
from roundtrip import wrong

BOMB_KIB = 32768  # for one of 1 MiB in 4 KiB: itself, its copy, 8 bytes of slots for each of its bytes, twice
GROWN_KIB = 4096  # more, at any time
LEFT_KIB = 1024  # at the end
RANDOM = 120  # random values of each entity, and as many behind its envelope
LEAST = 16000  # values that must have been misses
BOMBS = [tag + b"\xff" * 4 for tag in (b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9")]
BOMBS += [tag + b"\x00\x01\x00\x00" for tag in (b"\xdd", b"\xdf", b"\xdb", b"\xc6")]
BOMBS += [b"\xdc\xff\xff", b"\xde\xff\xff", b"\xda\xff\xff", b"\xc5\xff\xff", b"\xd9\xff", b"\xc4\xff", b"\xc1", b""]
NESTED = [b"\x91" * 1000, b"\x91" * 60000 + b"\x01", b"\x81\xa1k" * 20000 + b"\x01", b"\x94\xa0\xc0\x91" * 15000]
TYPES = [b"\xc0", b"\xc3", b"\x07", b"\xff", b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", b"\xa3tea", b"\xc4\x01\x00", b"\x91\x00"]
TYPES += [b"\x81\xa1k\x00", b"\xd4\x01\x00", b"\xcf" + b"\xff" * 8, b"\xd3\x80" + b"\x00" * 7]


# Bodies that compress well: 1 MiB of nothing, of one letter, of letters.
BOMB_BODIES = [b"\0" * 2**20, b"\xdb\x00\x0f\xff\xfb" + b"x" * (2**20 - 5), b"\xdd\x00\x0f\xff\xfb" + b"\xc0" * (2**20 - 5)]
SIZES = [0, 1, 2**16, 2**20, 2**26, 2**26 + 1, 2**31, 2**32, 2**63, 2**64 - 1]


def items(body):
    """(start, end) of every item in it, containers and what is in them."""
    starts = []
    reader = Reader(body)
    while reader.at < len(body):
        starts.append(reader.at)
        what, n = reader.head()
        if what in ("str", "bin"):
            reader.take(n)
        elif what == "ext":
            reader.take(n + 1)
        elif what == "fixext":
            reader.take((1 << n - 0xD4) + 1)
    for start in starts:
        reader.at = start
        reader.skip()
        yield start, reader.at


class Attack:
    def __init__(self, schema, rng, lines):
        self.schema, self.rng = schema, rng
        self.bodies = {}  # by entity: of its vectors
        self.stored = {}
        for line in lines:
            if line.kind == "entry":
                stored = line.stored
                body = stored[len(wire.sealed(schema, line.entity, line.key, b"")) :]
                self.bodies.setdefault(line.entity.name, []).append(body)
                self.stored.setdefault(line.entity.name, []).append(stored)

    def sealed(self, case, body):
        return wire.sealed(self.schema, case.entity, wire.key_of(case.entity, case.keys[0]), body)

    def packed(self, case, codec, size, bytes_):
        return wire.sealed_packed(self.schema, case.entity, wire.key_of(case.entity, case.keys[0]), codec, size, bytes_)

    def body(self, name):
        """One that has much in it, but not too much."""
        return max((body for body in self.bodies[name] if len(body) < 400), key=len)

    def values(self, case):
        name = case.entity.name
        for bytes_ in BOMBS + NESTED + TYPES:
            yield bytes_
            yield self.sealed(case, bytes_)
            yield self.sealed(case, self.body(name) + bytes_)
        yield from (self.sealed(case, body) for body in self.in_places(self.body(name)))
        for other in self.bodies:
            if other != name:
                yield from self.stored[other][:3]
                yield from (self.sealed(case, body) for body in self.bodies[other][:3])
        yield from self.stored[name][1:]
        yield from self.packed_values(case)
        yield from self.headed_values(case)
        for _ in range(RANDOM):
            noise = self.rng.randbytes(self.rng.randrange(300))
            yield noise
            yield self.sealed(case, noise)

    def packed_values(self, case):
        body = self.body(case.entity.name)
        for codec in (wire.ZSTD, wire.LZ4):
            packed = wire.packed(codec, body)
            yield from (self.packed(case, codec, size, packed) for size in SIZES + [len(body) - 1, len(body) + 1])
            yield from (self.packed(case, other, len(body), packed) for other in (0, 3 - codec, 3, 255, 2**32 + codec))
            for change in self.changed(packed):
                yield self.packed(case, codec, len(body), change)
                yield self.packed(case, codec, len(change) * wire.RATIOS[codec], change)
            for inside in BOMBS + NESTED + TYPES + [self.packed(case, codec, len(body), packed), self.sealed(case, body)]:
                if inside:
                    yield self.packed(case, codec, len(inside), wire.packed(codec, inside))
        yield from self.bombs(case)
        yield from self.frames(case, body)

    def headed_values(self, case):
        """Timed, versioned, empty: with every meta each other's count, cut off, in other forms, with a tag too many."""
        body = self.body(case.entity.name)
        whose = wire.fingerprint(self.schema.service, case.entity.name, wire.key_of(case.entity, case.keys[0]))
        good = [wire.fixed_head(meta, whose, case.entity.version, 7, 8, wire.FOREVER, 9, 10, ()) for meta in wire.METAS]
        for meta, head in zip(wire.METAS, good):
            behind = b"" if meta & wire.EMPTY else body
            yield from (bytes([0x90 | count]) + head[1:] + behind for count in range(16) if count != head[0] & 15)
            yield from ((head + behind)[:cut] for cut in range(len(head)))
            if meta & wire.EMPTY:
                yield from (head[:-1] + inside for inside in (body, b"\xc0\xc0", b"\x00", b""))
            for at in (2, 11, 20, 29, 38, 43) if meta & (wire.TIMED | wire.VERSIONED) else ():
                yield from (head[:at] + tag + head[at + 1 :] + behind for tag in (b"\xcc", b"\xcd", b"\xd3", b"\xc4", b"\xc0", b"\x9f"))
        for count in range(16):
            tags = [self.rng.getrandbits(64) for _ in range(count)]
            many = wire.fixed_head(65, whose, case.entity.version, as_of=1)
            at = many.index(b"\x90", 19)
            yield many[:at] + bytes([0x90 | count]) + b"".join(map(wire.wide, tags)) + many[at + 1 :] + body
        yield wire.fixed_head(33, whose, case.entity.version, fresh=2**63) + body
        yield wire.fixed_head(33, whose, case.entity.version, until=2**64 - 1, fresh=wire.FOREVER) + body

    def bombs(self, case):
        """All that a few bytes can become, and more than that."""
        for codec in (wire.ZSTD, wire.LZ4):
            for bomb in BOMB_BODIES:
                for size in (len(bomb), 64, wire.RATIOS[codec] * 20):
                    yield self.packed(case, codec, size, wire.packed(codec, bomb))

    def changed(self, packed):
        yield from (packed[:cut] for cut in range(0, len(packed), max(1, len(packed) // 20)))
        yield from (packed + behind for behind in (b"\0", b"\xc0", packed))
        for _ in range(20):
            at = self.rng.randrange(len(packed))
            yield packed[:at] + bytes([packed[at] ^ 1 << self.rng.randrange(8)]) + packed[at + 1 :]
        yield self.rng.randbytes(len(packed))

    def frames(self, case, body):
        """Frames of zstd's that are not just one of what it says: checksums, dictionaries, no size, several, none."""
        make = wire.zstandard.ZstdCompressor
        words = wire.zstandard.ZstdCompressionDict(body * 4, dict_type=wire.zstandard.DICT_TYPE_RAWCONTENT)
        summed = make(write_checksum=True).compress(body)
        for frame in (
            summed,
            make(write_content_size=False).compress(body),
            make(dict_data=words).compress(body),
            b"\x28\xb5\x2f\xfd\x21\x05" + wire.packed(wire.ZSTD, body)[5:],
            make(level=19).compress(body) + make().compress(b""),
            b"\x50\x2a\x4d\x18\x01\0\0\0\0" + summed,
        ):
            yield self.packed(case, wire.ZSTD, len(body), frame)

    def in_places(self, body):
        for start, end in items(body):
            for bytes_ in BOMBS + TYPES + NESTED[:1]:
                yield body[:start] + bytes_ + body[end:]
            # A length or count that is one too many.
            yield body[:start] + bytes([body[start] + 1 & 0xFF]) + body[start + 1 :]


def answer_to(schema, case, stored):
    """What get answers, and whether it counts a decode error."""
    try:
        wire.read(schema, case.entity, wire.key_of(case.entity, case.keys[0]), stored)
        return "LARDER_OK", False
    except wire.Empty as empty:
        return str(empty), False
    except wire.NotThere:
        return "LARDER_MISS", True


def run_attack(schema, child, attack):
    """How many were hits, misses and bad."""
    counts = {"LARDER_OK": 0, "LARDER_MISS": 0, "LARDER_ABSENT": 0, True: 0, False: 0}
    for case in child.cases.values():
        for stored in attack.values(case):
            wanted, bad = answer_to(schema, case, stored)
            counts[wanted] += 1
            counts[bad] += 1
            answer = child.read(case.entity, 0, stored)
            if answer[0] != wanted:
                wrong(f"{case.entity.name}, stored {stored.hex():.400}", " ".join(answer))
    return counts["LARDER_OK"], counts["LARDER_MISS"], counts[True]


def main():
    options = interop.parse(__doc__)
    schema = Schema(vectors.SCHEMA)
    lines = list(vectors.lines(schema))
    cases = interop.make_cases(schema, [line for line in lines if line.kind == "entry"])
    attack = Attack(schema, random.Random(options.seed), lines)
    os.environ["MALLOC_MMAP_THRESHOLD_"] = "131072"  # fixed: glibc gives large blocks back at once
    folder = tempfile.mkdtemp(prefix="larder-hostile-")
    try:
        with Server(folder) as server:
            child = interop.Child(schema, cases, interop.make_program(schema, cases, options, folder), server)
            cold = child.memory_kib("VmHWM")
            for case in cases:  # what is learned and allocated once
                for stored in (attack.sealed(case, attack.body(case.entity.name)), *attack.bombs(case)):
                    child.read(case.entity, 0, stored)
            most = child.memory_kib("VmHWM") - cold
            before, rss, peak = child.counts(), child.memory_kib("VmRSS"), child.memory_kib("VmHWM")
            hits, misses, bad = run_attack(schema, child, attack)
            seen = [after - old for after, old in zip(child.counts(), before)]
            grown, left = child.memory_kib("VmHWM") - peak, child.memory_kib("VmRSS") - rss
            child.close()
    finally:
        shutil.rmtree(folder)
    if seen != [hits, misses, bad, 0]:
        wrong("counters", f"hits, misses, decode errors, errors are {seen}, not {[hits, misses, bad, 0]}")
    if bad < LEAST:
        wrong("hostile values", f"only {bad}")
    # A sanitizer keeps what was freed.
    if not options.flags and (most > BOMB_KIB or grown > GROWN_KIB or left > LEFT_KIB):
        wrong("memory", f"{most} KiB for bombs, then {grown} KiB more at most, {left} KiB at the end")
    print(f"{misses} misses, {bad} of them bad, {hits} hits, {most} KiB for bombs, then {grown} KiB more at most, {left} KiB at the end")
    print("wrong" if roundtrip.failures else "all is as it must be")
    return 1 if roundtrip.failures else 0


if __name__ == "__main__":
    sys.exit(main())
