#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds generated caches against values that Python knows.

    roundtrip.py [OPTION…] FILE…       or --random N for schemas made by chance

For each schema: generates the cache, writes a C program with random values of
every entity in it (c_program.py), compiles both under the whole warning set,
runs them on the memory backend and a redis-server of its own, then reads the
stored bytes back and compares header and body with what docs/wire-format.md
says they are (oracle_wire.py) and with Python's MessagePack library. At last
it stores values that are cut short, changed by bits or written in other
forms: the cache must read each as oracle_wire.py does, a value or a miss.

The seed is printed; --seed repeats a run.
"""

import argparse
import concurrent.futures
import glob
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import msgpack

import oracle_json
import oracle_values
import oracle_wire
import random_schema
from c_program import Program
from oracle_schema import INTEGERS, Schema, float_value
from oracle_wire import AnyForm, Bad, encode, envelope, key_text, read
from redis_by_hand import Connection, Server

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("LARDER_SOURCE_DIR") or os.path.normpath(os.path.join(HERE, "..", ".."))
WARNINGS = (
    "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wwrite-strings -Wcast-qual -Wcast-align "
    "-Wundef -Wvla -Wformat=2 -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference -Werror"
).split()
WARNINGS_C = WARNINGS + "-std=c11 -Wstrict-prototypes -Wmissing-prototypes -fno-common".split()
WARNINGS_CXX = WARNINGS + ["-std=c++17"]
SANITIZERS = "-g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer".split()
LARGE = 1500  # bytes of a stored value; larger ones are cut at some lengths only

failures = 0


def wrong(what, text):
    global failures
    failures += 1
    print(f"WRONG {what}: {text}", flush=True)


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    return done.returncode, (done.stdout + done.stderr).strip()


# ----------------------------------------------------------------------- cases


class Case:
    """An entity with keys and values; texts are the whole keys."""

    def __init__(self, entity):
        self.entity = entity
        self.keys, self.values, self.texts = [], [], []
        self.bad = []  # (index of a key, value, the status that `set` must give)
        self.absent = None
        self.twins, self.strangers = [], []  # equal values; (index of a value, another)


def make_case(schema, entity, values, count):
    case = Case(entity)
    seen = set()
    for _ in range(count * 4):
        key, value = values.pair(schema, entity)
        text = schema.prefix + key_text(entity, key)
        if text in seen and entity.params:
            continue
        if not fits(schema, entity, key, value):
            if case.keys and not case.bad and not entity.puts():
                case.bad.append((0, value, "LARDER_E_TOO_LARGE"))
            continue
        seen.add(text)
        case.keys.append(key)
        case.values.append(value)
        case.texts.append(text)
        if len(case.keys) == count + 1:
            break
    if entity.params and len(case.keys) > 1:
        case.absent = case.keys.pop()
        case.values.pop()
        case.texts.pop()
    for i in range(min(3, len(case.values))):
        for bad in oracle_values.misfits(values.rng, entity, case.values[i], 6):
            case.bad.append((i, bad, "LARDER_E_ARG"))
    for good, value in oracle_values.extremes(entity, case.values[0]):
        body = encode(entity.body, value)
        good = reads(schema, entity, case.keys[0], envelope(schema, entity, key_text(entity, case.keys[0]), body))
        if entity.puts() and not agrees(entity, case.keys[0], value):
            continue
        case.bad.append((0, value, "LARDER_OK" if good else "LARDER_E_TOO_LARGE"))
    case.twins = [oracle_json.twin(values.rng, entity.body, value) for value in case.values]
    for i in range(min(3, len(case.values))):
        for other in oracle_json.strangers(values.rng, entity.body, case.values[i], 12):
            case.strangers.append((i, other))
    return case


def fits(schema, entity, key, value):
    stored = envelope(schema, entity, key_text(entity, key), encode(entity.body, value))
    return not entity.max_bytes or len(stored) <= entity.max_bytes


def reads(schema, entity, key, stored):
    try:
        read(schema, entity, key_text(entity, key), stored)
        return True
    except Bad:
        return False


def agrees(entity, key, value):
    """What `set` checks where every parameter is a field."""
    if not entity.puts():
        return True
    return all(value[entity.field_of(param)[0]] == argument for param, argument in zip(entity.params, key))


def make_event(schema, event, values):
    arguments = [values.argument(param) for param in event.params]
    targets = []
    for entity, indexes in event.targets:
        # A field is UTF-8.
        if entity.puts():
            for param, i in zip(entity.params, indexes):
                arguments[i] = values.argument(param, entity.field_of(param)[1])
    for entity, indexes in event.targets:
        value = values.value(entity.body, 20)
        while not fits(schema, entity, [arguments[i] for i in indexes], value):
            value = oracle_values.least(entity.body)
        given = [arguments[i] for i in indexes]
        if entity.puts():
            for param, argument in zip(entity.params, given):
                value[entity.field_of(param)[0]] = argument
        targets.append((entity, given, value))
    return event, arguments, targets


# --------------------------------------------------------------------- building


class Build:
    """A compiler, its flags, and the runtime to link."""

    def __init__(self, name, c, flags, library, program="c", run=True):
        self.name, self.c, self.flags, self.archive = name, c, flags, library
        self.program, self.run = program, run

    def make(self, folder, stem):
        """The program's path, or None: it does not compile."""
        base = os.path.join(folder, f"{stem}_{self.name}")
        include = ["-I", os.path.join(ROOT, "runtime", "include"), "-I", folder]
        cxx = {"gcc": "g++", "clang": "clang++"}.get(os.path.basename(self.c), "c++")
        source = os.path.join(folder, f"{stem}_roundtrip.c")
        cache = [self.c, *WARNINGS_C, *self.flags, *include, "-c", "-o", base + "_cache.o"]
        main = [self.c, *WARNINGS_C] if self.program == "c" else [cxx, "-x", "c++", *WARNINGS_CXX]
        main += [*self.flags, *include, *(["-c", "-o", base + "_main.o"] if self.run else ["-fsyntax-only"])]
        commands = [cache + [os.path.join(folder, f"{stem}_cache.c")], main + [source]]
        if not self.run:
            commands = commands[1:]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for status, output in pool.map(run, commands):
                if status != 0:
                    wrong(f"{stem}, {self.name}", "does not compile:\n" + "\n".join(output.splitlines()[:12]))
                    return None
        if not self.run:
            return None
        linker = self.c if self.program == "c" else cxx
        command = [linker, *self.flags, "-o", base, base + "_main.o", base + "_cache.o", self.archive]
        command += [f"-Wl,-rpath,{os.path.dirname(self.archive)}", *libraries(), "-pthread", "-lm"]
        status, output = run(command)
        if status != 0:
            wrong(f"{stem}, {self.name}", "does not link:\n" + output)
            return None
        return base


def libraries():
    for msgpack_name in ("msgpack-c", "msgpack"):
        status, output = run(["pkg-config", "--libs", "hiredis", "libzstd", "liblz4", "libssl", "libcrypto", msgpack_name])
        if status == 0:
            return output.split()
    sys.exit("pkg-config does not know what larder stands on")


def sanitized_runtime(folder, compiler):
    """An archive of the runtime with sanitizers in it."""
    objects = []
    commands = []
    for source in sorted(glob.glob(os.path.join(ROOT, "runtime", "*", "*.c"))):
        objects.append(os.path.join(folder, "runtime_" + os.path.basename(source)[:-2] + ".o"))
        include = ["-I", os.path.join(ROOT, "runtime"), "-I", os.path.join(ROOT, "runtime", "include")]
        commands.append([compiler, "-std=c11", "-D_GNU_SOURCE", "-O1", *SANITIZERS, *include, "-c", "-o", objects[-1], source])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for status, output in pool.map(run, commands):
            if status != 0:
                sys.exit(output)
    archive = os.path.join(folder, "liblarder_sanitized.a")
    status, output = run(["ar", "rcs", archive, *objects])
    if status != 0:
        sys.exit(output)
    return archive


# --------------------------------------------------------------------- running


def environment(schema, backend, server):
    dropped = ("REDIS_", "CACHE_", schema.service.upper() + "_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    clean["CACHE_BACKEND"] = backend
    if backend == "redis":
        clean["REDIS_URL"] = f"redis://127.0.0.1:{server.port}"
    return clean


def test(schema, build, program, server, connection):
    for backend in ("memory", "redis"):
        status, output = run([program, "test"], env=environment(schema, backend, server), timeout=300)
        if status != 0 or output:
            wrong(f"{schema.stem}, {build.name}, {backend}", f"exit {status}\n{output[:3000]}")
    left = connection.run("DBSIZE")
    if left:
        wrong(f"{schema.stem}, {build.name}", f"{left} keys are left: {connection.run('KEYS', '*')[:3]}")


def unpacked(data):
    return msgpack.unpackb(
        data, raw=False, strict_map_key=False, object_pairs_hook=lambda pairs: pairs, unicode_errors="surrogateescape"
    )


def unpacked_body(stored):
    _, _, _, *rest = unpacked(stored)
    return rest[0] if len(rest) == 1 else unpacked(oracle_wire.decompress(rest[0], rest[2], rest[1]))


def plain(type, value):
    """What msgpack makes of it."""
    kind = type.kind
    if value is None:
        return None
    if kind == "any":
        return unpacked(bytes(value))
    if kind in ("f32", "f64"):
        return float_value(kind, value)
    if kind == "list":
        return [plain(type.item, item) for item in value]
    if kind == "map":
        return [(str(key), plain(type.item, item)) for key, item in value]
    if kind == "struct":
        items = [None] * type.decl.last
        for field, item in zip(type.decl.fields, value):
            items[field.id - 1] = plain(field.type, item)
        return items
    if kind == "string":
        return value.decode() if isinstance(value, bytes) else str(value)
    if kind in ("bytes", "uuid"):
        return bytes(value)
    return value


def check_stored(schema, cases, connection):
    """Every stored byte and lifetime; how many values, and how many of them compressed."""
    keys = {}
    packed = 0
    for case in cases:
        for key, value, text in zip(case.keys, case.values, case.texts):
            keys[text] = (case.entity, key, value)
    count = connection.run("DBSIZE")
    if count != len(keys):
        wrong(schema.stem, f"{count} keys are stored, not {len(keys)}")
    for text, (entity, key, value) in keys.items():
        stored = connection.run("GET", text)
        body = encode(entity.body, value)
        expected = oracle_wire.stored(schema, entity, key_text(entity, key), body)
        place = f"{schema.stem}, {entity.name}, {text!r}"
        if stored is None:
            wrong(place, "nothing is stored")
            continue
        if stored != expected:
            wrong(place, f"stored\n  {stored[:200].hex()}, not\n  {expected[:200].hex()}")
        packed += stored[0] == 0x96
        seen = unpacked_body(stored)
        if repr(seen) != repr(plain(entity.body, value)):
            wrong(place, f"msgpack reads\n  {seen!r:.300}, not\n  {plain(entity.body, value)!r:.300}")
        left = connection.run("PTTL", text)
        if entity.ttl_ms is None:
            good = left == -1
        elif entity.ttl_ms < 0:
            good = left > 0
        else:
            good = entity.ttl_ms * (1 - entity.jitter) - 120000 <= left <= entity.ttl_ms
        if not good:
            wrong(place, f"lives for {left} ms, not {entity.ttl_ms}")
    return len(keys), packed


def check_json(schema, build, program, cases, server):
    """What every value is printed as."""
    place = f"{schema.stem}, {build.name}, json"
    done = subprocess.run([program, "json"], env=environment(schema, "memory", server), capture_output=True, check=False)
    lines = done.stdout.decode().split("\n")[:-1]
    every = [(case.entity, value) for case in cases for value in case.values]
    if done.returncode != 0 or done.stderr or len(lines) != len(every):
        wrong(place, f"exit {done.returncode}, {len(lines)} lines of {len(every)}\n{done.stderr.decode()[:3000]}")
        return
    for (entity, value), line in zip(every, lines):
        try:
            good = oracle_json.says(entity.body, value, oracle_json.parse(line))
        except ValueError as problem:
            good = False
            line = f"{problem}: {line}"
        if not good:
            wrong(place, f"{entity.name}: {value!r:.300}\n  is printed as {line:.600}")


# -------------------------------------------------------------------- mutations


def mutants(rng, schema, entity, key, value, flips):
    """Bytes that nobody of ours wrote."""
    text = key_text(entity, key)
    stored = envelope(schema, entity, text, encode(entity.body, value))
    lengths = range(len(stored)) if len(stored) <= LARGE else sorted(rng.sample(range(len(stored)), 60))
    for length in lengths:
        yield stored[:length]
    yield from packed_mutants(rng, schema, entity, text, encode(entity.body, value), flips)
    yield stored + b"\xc0"
    yield envelope(schema, entity, text + "x", encode(entity.body, value))
    for _ in range(flips):
        changed = bytearray(stored)
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            at = rng.randrange(len(changed) if len(changed) <= LARGE else 200)
            changed[at] ^= 1 << rng.randrange(8)
        yield bytes(changed)
    for _ in range(flips // 4):  # a byte by another, in the body
        changed = bytearray(stored)
        at = rng.randrange(12, max(13, min(len(changed), 200))) % len(changed)
        changed[at] = rng.choice([0xC0, 0xC1, 0xD9, 0xDB, 0xDC, 0xDD, 0xDF, 0xC6, 0xC9, 0x80, 0x90, 0xFF, 0x00])
        yield bytes(changed)
    others = oracle_values.ANYS + [b"\xc0", b"\x91" * 300 + b"\x01"]
    for _ in range(8):
        yield envelope(schema, entity, text, encode(entity.body, value, AnyForm(rng, others)))
    for _, deep in oracle_values.extremes(entity, value):
        yield envelope(schema, entity, text, encode(entity.body, deep))
    for deep in oracle_values.deep_anys(entity, value):
        yield envelope(schema, entity, text, encode(entity.body, deep))
    # What `set` refuses, stored all the same.
    for bad in oracle_values.misfits(rng, entity, value, 12):
        if not oracle_values.has_null_key(entity.body, bad):
            yield envelope(schema, entity, text, encode(entity.body, bad))


def packed_mutants(rng, schema, entity, text, body, flips):
    """Of the value compressed, whatever the entity says."""

    def sealed(codec, size, packed):
        return oracle_wire.packed_envelope(schema, entity, text, codec, size, packed)

    for codec in (oracle_wire.ZSTD, oracle_wire.LZ4):
        packed, size = oracle_wire.compress(codec, body), len(body)
        stored = sealed(codec, size, packed)
        head = len(stored) - len(packed)
        yield stored
        for length in sorted(rng.sample(range(len(stored)), min(40, len(stored)))):
            yield stored[:length]
        for cut in sorted(rng.sample(range(len(packed)), min(40, len(packed)))):
            yield sealed(codec, size, packed[:cut])  # a frame cut short in a sound envelope
        for behind in (b"\0", b"\xc0", packed, packed[:1]):
            yield stored + behind
            yield sealed(codec, size, packed + behind)
        for other in (0, 1, size - 1, size + 1, 2 * size, 1023 * len(packed), 1025 * len(packed), 2**26, 2**26 + 1, 2**32, 2**64 - 1):
            yield sealed(codec, other, packed)
        for other in (0, 3 - codec, 3, 127, 2**32 + codec):
            yield sealed(other, size, packed)
        yield sealed(codec, len(stored), oracle_wire.compress(codec, stored))  # an envelope in it
        for _ in range(flips):
            changed = bytearray(stored)
            for _ in range(rng.choice([1, 1, 1, 2, 5])):
                at = rng.randrange(rng.choice([head + 12, len(changed)])) % len(changed)
                changed[at] ^= 1 << rng.randrange(8)
            yield bytes(changed)


def mutate(rng, schema, cases, program, server, connection, flips, each):
    child = subprocess.Popen(
        [program, "serve"],
        env=environment(schema, "redis", server),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    counts = {"hit": 0, "miss": 0}
    try:
        for number, case in enumerate(cases):
            picks = rng.sample(range(len(case.keys)), min(each, len(case.keys)))
            for i in picks:
                key, value = case.keys[i], case.values[i]
                for stored in mutants(rng, schema, case.entity, key, value, flips):
                    connection.run("SET", case.texts[i], stored)
                    child.stdin.write(f"{number} {i}\n")
                    child.stdin.flush()
                    answer = child.stdout.readline().strip()
                    if not answer:
                        child.wait()
                        wrong(f"{schema.stem}, {case.entity.name}", f"the program died of {stored.hex()}\n{child.stderr.read()[:4000]}")
                        return counts
                    check_mutant(schema, case, i, stored, answer, connection, counts)
    finally:
        child.stdin.close()
        child.wait()
    if child.returncode != 0:
        wrong(schema.stem, f"exit {child.returncode}\n{child.stderr.read()[:4000]}")
    child.stdout.close()
    child.stderr.close()
    return counts


def check_mutant(schema, case, i, stored, answer, connection, counts):
    entity, key, text = case.entity, case.keys[i], case.texts[i]
    place = f"{schema.stem}, {entity.name}, stored {stored.hex():.3000}"
    try:
        value = read(schema, entity, key_text(entity, key), stored)
    except Bad as bad:
        counts["miss"] += 1
        if answer != "LARDER_MISS LARDER_OK other":
            wrong(place, f"{answer}, but it is no value: {bad}")
        return
    counts["hit"] += 1
    wanted, same = "LARDER_OK", "same" if value == case.values[i] else "other"
    body = encode(entity.body, value)
    whole = len(envelope(schema, entity, key_text(entity, key), body))
    if not agrees(entity, key, value):
        wanted = "LARDER_E_ARG"
    elif entity.max_bytes and whole > entity.max_bytes:
        wanted = "LARDER_E_TOO_LARGE"
    if answer != f"LARDER_OK {wanted} {same}":
        wrong(place, f"{answer}, not LARDER_OK {wanted} {same}")
    elif wanted == "LARDER_OK":
        again = connection.run("GET", text)
        canonical = oracle_wire.stored(schema, entity, key_text(entity, key), body)
        if again != canonical:
            wrong(place, f"read as\n  {again.hex():.300}, not\n  {canonical.hex():.300}")


# ------------------------------------------------------------------------- main


def hold(path, builds, options, seed, server, folder):
    rng = random.Random(seed)
    started = time.monotonic()
    status, output = run([options.larder, "generate", "-o", folder, path])
    if status != 0 or output:
        wrong(path, f"larder generate: exit {status}\n{output[:3000]}")
        if status != 0:
            return
    schema = Schema(path)
    values = oracle_values.Values(rng)
    cases = [make_case(schema, entity, values, options.values) for entity in schema.entities]
    program = Program(schema)
    source = program.whole(cases, [make_event(schema, event, values) for event in schema.events])
    with open(os.path.join(folder, f"{schema.stem}_roundtrip.c"), "w", encoding="ascii") as file:
        file.write(source)
    connection = Connection(server.port)
    connection.run("SELECT", schema.db)
    connection.run("FLUSHDB")
    stored = packed = 0
    counts = {"hit": 0, "miss": 0}
    for build in builds:
        made = build.make(folder, schema.stem)
        if made is None:
            continue
        test(schema, build, made, server, connection)
        check_json(schema, build, made, cases, server)
        status, output = run([made, "store"], env=environment(schema, "redis", server), timeout=120)
        if status != 0 or output:
            wrong(f"{schema.stem}, {build.name}, store", f"exit {status}\n{output[:3000]}")
        stored, packed = check_stored(schema, cases, connection)
        if build is builds[-1]:
            counts = mutate(rng, schema, cases, made, server, connection, options.flips, options.each)
        connection.run("FLUSHDB")
    misfits = sum(len(case.bad) for case in cases)
    print(
        f"{schema.stem}: {len(schema.entities)} entities, {stored} values, {packed} of them compressed, {misfits} misfits, changed bytes: "
        f"{counts['hit']} hits, {counts['miss']} misses, {time.monotonic() - started:.1f} s",
        flush=True,
    )


def choose_builds(options, folder):
    """The last one is the one whose values are changed in Redis."""
    if not options.all:
        return [Build("one", options.compiler, ["-O1", *options.flags.split()], options.archive)]
    sanitized = sanitized_runtime(folder, "clang")
    return [
        Build("gcc", "gcc", ["-O2"], options.archive),
        Build("gxx", "gcc", ["-O1"], options.archive, program="c++"),
        Build("clangxx", "clang", [], None, program="c++", run=False),
        Build("clang_sanitized", "clang", ["-O1", *SANITIZERS], sanitized),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--larder", default=os.environ.get("LARDER", "larder"), help="the generator")
    parser.add_argument("--library", dest="archive", required=True, help="liblarder")
    parser.add_argument("--compiler", default="gcc", help="for a single build")
    parser.add_argument("--flags", default="", help="of that build, such as -fsanitize=address")
    parser.add_argument("--all", action="store_true", help="gcc, clang with sanitizers, and C++")
    parser.add_argument("--values", type=int, default=8, help="of each entity")
    parser.add_argument("--each", type=int, default=1, help="values of each entity that are changed in Redis")
    parser.add_argument("--flips", type=int, default=60, help="random changes of each of them")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="schemas made by chance")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", metavar="FOLDER", help="where generated files stay")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**31)
    print(f"seed {seed}", flush=True)
    folder = options.keep or tempfile.mkdtemp(prefix="larder-property-")
    os.makedirs(folder, exist_ok=True)
    try:
        builds = choose_builds(options, folder)
        paths = [os.path.abspath(path) for path in options.files]
        for i in range(options.random):
            paths.append(random_schema.write(folder, seed + i))
        with Server(folder) as server:
            for i, path in enumerate(paths):
                hold(path, builds, options, seed + i, server, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print("wrong" if failures else "all is as it must be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
