#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Larder and a Python that stands on msgpack, xxhash, zstandard and lz4 read each other's values.

    interop.py --larder PROGRAM --library FILE [--seed N] [--values N]

First the vectors of tests/vectors/wire.txt in Python alone, with wire.py and with
tests/property/oracle_wire.py. Then through a redis-server and the cache
generated from wire.yaml, on which c_program.py's program stands:

    vectors   what C stores has each byte of its entry; C reads what Python
              stored, in every form, and misses each miss and counts it
    values    random ones: Python stores, in shortest or any forms, plain or
              compressed, C reads and stores again as its schema has it, Python reads

The seed is printed; --seed repeats a run. tests/property/roundtrip.py does the
same with schemas made by chance, and with bytes that nobody wrote.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import vectors  # first: it knows where tests/property is
import oracle_values
import oracle_wire
import roundtrip
import wire
from c_program import Program
from oracle_schema import Schema
from redis_by_hand import Connection, Server
from roundtrip import wrong

LEAST = {"entry": 90, "read": 64, "miss": 190, "empty": 4}  # vectors of each kind
LEAST_PACKED = 100  # random values that each side compressed


class Child:
    """The generated cache at work: c_program.py's `serve`."""

    def __init__(self, schema, cases, program, server):
        self.schema, self.cases = schema, {case.entity.name: case for case in cases}
        self.numbers = {case.entity.name: i for i, case in enumerate(cases)}
        self.redis = Connection(server.port)
        self.redis.run("SELECT", schema.db)
        self.process = subprocess.Popen(
            [program, "serve"],
            env=roundtrip.environment(schema, "redis", server),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"the program died of {line!r}, exit {self.process.wait()}")
        return answer

    def read(self, entity, i, stored):
        """Bytes at the i-th key: what `get` says, what `set` of it says, whether it is the i-th value."""
        self.redis.run("SET", self.cases[entity.name].texts[i], stored)
        return self.ask(f"{self.numbers[entity.name]} {i}")

    def stored(self, entity, i):
        return self.redis.run("GET", self.cases[entity.name].texts[i])

    def counts(self):
        """hits, misses, decode errors, errors"""
        return [int(word) for word in self.ask("count")]

    def memory_kib(self, row="VmHWM"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(row))

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            wrong("the program", f"exit {self.process.returncode}")
        self.process.stdout.close()


def make_program(schema, cases, options, folder):
    """Generated, compiled, linked: the program's path."""
    status, output = roundtrip.run([options.larder, "generate", "-o", folder, schema.path])
    if status != 0 or output:
        sys.exit(f"larder generate: exit {status}\n{output}")
    with open(os.path.join(folder, f"{schema.stem}_roundtrip.c"), "w", encoding="ascii") as file:
        file.write(Program(schema).whole(cases, []))
    build = roundtrip.Build("one", options.compiler, ["-O1", *options.flags.split()], options.archive)
    made = build.make(folder, schema.stem)
    if made is None:
        sys.exit("there is no program")
    return made


def parse(doc, *more):
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--larder", default=os.environ.get("LARDER", "larder"), help="the generator")
    parser.add_argument("--library", dest="archive", required=True, help="liblarder")
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--flags", default="", help="such as -fsanitize=address")
    parser.add_argument("--seed", type=int, default=None)
    for name, default, help in more:
        parser.add_argument(name, type=type(default), default=default, help=help)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**31)
    print(f"seed {options.seed}", flush=True)
    return options


# --------------------------------------------------------------------- vectors


def attempt(read, error, *arguments):
    try:
        return True, read(*arguments)
    except error as why:
        return False, str(why)


def check_in_python(schema, lines):
    for line in lines:
        entity, key = line.entity, line.key
        if wire.key_of(entity, line.arguments) != key or oracle_wire.key_text(entity, line.arguments) != key:
            wrong(str(line), f"another key than {key}")
        ours = attempt(wire.read, wire.NotThere, schema, entity, key, line.stored)
        byte_by_byte = attempt(oracle_wire.read, oracle_wire.Bad, schema, entity, key, line.stored)
        for who, (there, value) in (("wire.py", ours), ("oracle_wire.py", byte_by_byte)):
            if there != line.there or (there and value != line.value) or (line.kind == "empty" and value != line.reason):
                wrong(str(line), f"{who}: {value!r}")
        if not line.there:
            continue
        canonical = wire.write(schema, entity, key, line.value)
        if canonical != oracle_wire.envelope(schema, entity, key, oracle_wire.encode(entity.body, line.value)):
            wrong(str(line), "wire.py and oracle_wire.py write different bytes")
        if (canonical == line.stored) != (line.kind == "entry"):
            wrong(str(line), f"the canonical bytes are {canonical.hex()}")


def as_larder_writes(schema, entity, key, value):
    """Compressed where the schema has it so: by the library that larder stands on, so that bytes can be compared."""
    return oracle_wire.stored(schema, entity, key, oracle_wire.encode(entity.body, value))


def make_cases(schema, lines):
    """A key and a value for each entry and read line; a miss line has the first value of its entity."""
    cases = [roundtrip.Case(entity) for entity in schema.entities]
    by_name = {case.entity.name: case for case in cases}
    for line in lines:
        case = by_name[line.entity.name]
        line.index = len(case.keys)
        case.keys.append(line.arguments)
        case.values.append(line.value if line.there else case.values[0])
        case.texts.append(schema.prefix + line.key)
    return cases


def check_stored(schema, lines, redis):
    """What C stored, as the vectors have it, and as Python reads it."""
    for line in lines:
        stored = redis.run("GET", schema.prefix + line.key)
        if line.kind == "entry" and stored != line.stored:
            wrong(str(line), f"C stores {stored and stored.hex()}")
        elif line.there and wire.read(schema, line.entity, line.key, stored) != line.value:
            wrong(str(line), f"Python reads another value of {stored.hex()}")


def is_written(schema, line, stored):
    """The canonical bytes of a line's value; of a compressed one, that Python reads it, too."""
    if stored != as_larder_writes(schema, line.entity, line.key, line.value):
        return False
    return wire.read(schema, line.entity, line.key, stored) == line.value


def check_read(schema, lines, child):
    """What Python stored, read by C."""
    statuses = []
    for line in lines:
        answer = child.read(line.entity, line.index, line.stored)
        statuses.append("LARDER_OK" if line.there else line.reason if line.kind == "empty" else "LARDER_MISS")
        wanted = [statuses[-1], "LARDER_OK", "same" if line.there else "other"]
        if answer != wanted:
            wrong(str(line), f"C: {' '.join(answer)}; {line.reason}")
        elif line.kind == "read" and not is_written(schema, line, child.stored(line.entity, line.index)):
            wrong(str(line), "C stores it in another form")
    bad = sum(line.kind == "miss" for line in lines)
    wanted = [statuses.count("LARDER_OK"), statuses.count("LARDER_MISS"), bad, 0]
    if child.counts() != wanted:
        wrong("counters", f"hits, misses, decode errors, errors are {child.counts()}, not {wanted}")


# ---------------------------------------------------------------------- values


def large_values():
    """Lengths and counts around 2^16, by an entity's name."""
    for n in (65535, 65536):
        yield "text", "x" * n
        yield "raw", b"\xc1" * n
        yield "flags", [True] * n
        yield "counts", [(f"k{i}", i) for i in range(n)]
        yield "anything", b"\xc6" + n.to_bytes(4, "big") + b"\xc0" * n
        yield "zipped", [n, "x" * n, []]
        yield "zipped", [n, "".join(f"leaf {i * i}, " for i in range(n // 12)), [[i, f"oak {i}", i % 3] for i in range(n // 10)]]
        yield "squeezed", [f"line {i % 77}" for i in range(n // 10)]


def random_values(schema, rng, count):
    values = oracle_values.Values(rng)
    for i in range(count):
        entity = schema.entities[i % len(schema.entities)]
        value = values.value(entity.body)
        if not entity.max_bytes or len(oracle_wire.encode(entity.body, value)) < entity.max_bytes - 16:
            yield entity.name, value


def python_stores(schema, entity, key, value, rng):
    """In one of the forms that the page allows."""
    others = oracle_values.ANYS + [b"\xc0", b"\x91" * 300 + b"\x01"]
    forms = oracle_wire.AnyForm(rng, others) if rng.randrange(2) else None
    body = oracle_wire.encode(entity.body, value, forms)
    codec = rng.choice([0, 0, wire.ZSTD, wire.LZ4])
    if codec:
        packed = wire.packed(codec, body, rng)
        if len(body) <= min(wire.RATIOS[codec] * len(packed), entity.max_bytes or wire.LARGEST):
            return wire.sealed_packed(schema, entity, key, codec, len(body), packed)
    return wire.sealed(schema, entity, key, body)


def check_value(schema, child, rng, name, value):
    """Python, C, Python: what both stored."""
    case = child.cases[name]
    entity, i = case.entity, rng.randrange(len(case.keys))
    key = wire.key_of(entity, case.keys[i])
    stored = python_stores(schema, entity, key, value, rng)
    answer = child.read(entity, i, stored)
    back = child.stored(entity, i)
    if answer[:2] != ["LARDER_OK", "LARDER_OK"]:
        wrong(f"{name}, stored {stored.hex():.3000}", f"C: {' '.join(answer)}")
    elif back != as_larder_writes(schema, entity, key, value) or wire.read(schema, entity, key, back) != value:
        wrong(f"{name}, stored {stored.hex():.3000}", f"C stores {back.hex():.3000}")
    return stored, back


def check_values(schema, child, rng, count):
    stored = [check_value(schema, child, rng, name, value) for name, value in large_values()]
    stored += [check_value(schema, child, rng, name, value) for name, value in random_values(schema, rng, count)]
    packed = [[pair[side][1] == 0x11 for pair in stored].count(True) for side in (0, 1)]
    print(f"values: {len(stored)}, Python to C to Python; compressed: by Python {packed[0]}, by C {packed[1]}", flush=True)
    if min(packed) < LEAST_PACKED:
        wrong("values", f"fewer than {LEAST_PACKED} of them were compressed")


def main():
    options = parse(__doc__, ("--values", 4000, "random values"))
    schema = Schema(vectors.SCHEMA)
    lines = list(vectors.lines(schema))
    for kind, least in LEAST.items():
        if sum(line.kind == kind for line in lines) < least:
            wrong("vectors", f"there are fewer than {least} lines of {kind}")
    check_in_python(schema, lines)
    cases = make_cases(schema, lines)
    folder = tempfile.mkdtemp(prefix="larder-interop-")
    started = time.monotonic()
    try:
        with Server(folder) as server:
            program = make_program(schema, cases, options, folder)
            status, output = roundtrip.run([program, "store"], env=roundtrip.environment(schema, "redis", server), timeout=120)
            if status != 0 or output:
                wrong("store", f"exit {status}\n{output[:3000]}")
            child = Child(schema, cases, program, server)
            check_stored(schema, lines, child.redis)
            child.redis.run("FLUSHDB")
            check_read(schema, lines, child)
            check_values(schema, child, random.Random(options.seed), options.values)
            child.close()
    finally:
        shutil.rmtree(folder)
    print(f"vectors: {len(lines)}; {time.monotonic() - started:.1f} s")
    print("wrong" if roundtrip.failures else "all is as it must be")
    return 1 if roundtrip.failures else 0


if __name__ == "__main__":
    sys.exit(main())
