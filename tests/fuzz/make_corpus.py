#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes values of value.yaml's entities, made by chance, to start fuzz_value and fuzz_stored from.

    make_corpus.py FOLDER                for fuzz_value: bodies
    make_corpus.py --stored FOLDER       for fuzz_stored: with their envelopes, plain, with each codec, with times and versions

Values of every form, and ones that just miss: a number, enumerator, length or count one beyond what it may be.
corpus/ has those and what the fuzzers found behind them, merged by them (-set_cover_merge=1).
"""

import copy
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "property"))

import oracle_values  # noqa: E402
import oracle_wire  # noqa: E402
from oracle_schema import INTEGERS, Schema  # noqa: E402

EACH = 24


def near_misses(rng, entity, value):
    """Copies with one number or enumerator that is just no longer one, or with a misfit of oracle_values."""
    holder = [copy.deepcopy(value)]
    every = list(oracle_values.places(entity.body, holder[0], oracle_values.setter(holder, 0)))
    for n, (type, there, _) in enumerate(every):
        if type.kind == "enum":
            low, high = 0, len(type.decl.enumerators) - 1
        else:
            low, high = INTEGERS.get(type.kind, (0, 0))
        for bad in {low - 1, high + 1} if there is not None and low != high else ():
            if -(2**63) <= bad < 2**64:
                fresh = [copy.deepcopy(value)]
                list(oracle_values.places(entity.body, fresh[0], oracle_values.setter(fresh, 0)))[n][2](bad)
                yield fresh[0]
    for bad in oracle_values.misfits(rng, entity, value, 30):
        if not oracle_values.has_null_key(entity.body, bad):
            yield bad


def bodies(rng, values, entity):
    for i in range(EACH):
        value = values.value(entity.body, 25)
        forms = oracle_wire.AnyForm(rng, oracle_values.ANYS[:12]) if i % 2 else None
        yield oracle_wire.encode(entity.body, value, forms)
        if i < 2:
            yield from (oracle_wire.encode(entity.body, bad) for bad in near_misses(rng, entity, value))


def wide(number):
    return b"\xcf" + number.to_bytes(8, "big")


def headed(plain, i):
    """A plain value with times, versions, both or without a body, by the number; a few with tags."""
    times = wide(i) + wide(i << 32) + wide(2**53 if i % 4 else 0) + b"\xce" + i.to_bytes(4, "big")
    as_of = wide(i) + (b"\x90" if i % 3 else b"\x91" + wide(i))
    meta, between = [(0x21, times), (0x41, as_of), (0x61, times + as_of), (0x29, times), (0x49, as_of), (0x09, b"")][i % 6]
    elements = 4 + 4 * bool(meta & 0x20) + 2 * bool(meta & 0x40)
    rest = plain[11:12] + b"\xc0" if meta & 8 else plain[11:]
    return bytes([0x90 | elements, meta]) + plain[2:11] + between + rest


def seal(schema, entity, i, body):
    """Plain, compressed or with more of a head, by the number; a few with a size that they do not have."""
    if i % 9 == 8:
        return headed(oracle_wire.envelope(schema, entity, entity.name, body), i // 9)
    codec, size = i % 3, len(body) + (0, 0, 0, 0, 0, 0, 1, -1)[i % 8]
    if codec == 0:
        return oracle_wire.envelope(schema, entity, entity.name, body)
    return oracle_wire.packed_envelope(schema, entity, entity.name, codec, size, oracle_wire.compress(codec, body))


def main():
    rng = random.Random(1)
    schema = Schema(os.path.join(HERE, "value.yaml"))
    values = oracle_values.Values(rng)
    stored = "--stored" in sys.argv
    for number, entity in enumerate(schema.entities):
        made = [body for body in bodies(rng, values, entity) if len(body) < 2000]
        for i, body in enumerate(made):
            with open(os.path.join(sys.argv[-1], f"{entity.name}_{i}"), "wb") as file:
                file.write(bytes([number]) + (seal(schema, entity, i, body) if stored else body))


if __name__ == "__main__":
    main()
