#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes values of value.yaml's entities, made by chance, to start fuzz_value from.

    make_corpus.py FOLDER

Values of every form, and ones that just miss: a number, enumerator, length or count one beyond what it may be.
corpus/value has those and what the fuzzer found behind them, merged by it (-set_cover_merge=1).
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


def main():
    rng = random.Random(1)
    schema = Schema(os.path.join(HERE, "value.yaml"))
    values = oracle_values.Values(rng)
    for number, entity in enumerate(schema.entities):
        made = []
        for i in range(EACH):
            value = values.value(entity.body, 25)
            forms = oracle_wire.AnyForm(rng, oracle_values.ANYS[:12]) if i % 2 else None
            made.append(oracle_wire.encode(entity.body, value, forms))
            if i < 2:
                made += [oracle_wire.encode(entity.body, bad) for bad in near_misses(rng, entity, value)]
        for i, body in enumerate(body for body in made if len(body) < 2000):
            with open(os.path.join(sys.argv[1], f"{entity.name}_{i}"), "wb") as file:
                file.write(bytes([number]) + body)


if __name__ == "__main__":
    main()
