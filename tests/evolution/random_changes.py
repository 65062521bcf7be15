#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether `larder diff` says too little of changes made by chance.

    random_changes.py --larder PROGRAM --seed N [--entities N] [--values N]

Many entities, each changed once or twice; random values of the one version are
read as the other by tests/interop/wire.py, which the interop tests hold against
generated code. What is then a miss the diff must have said may be one; what is
another value than was written, too; and where it says that all are misses, none
may be read.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))

import vectors  # noqa: E402,F401 first: it knows where tests/property is
import predicted  # noqa: E402
import roundtrip  # noqa: E402
import wire  # noqa: E402
from oracle_schema import INTEGERS, Schema  # noqa: E402
from oracle_values import Values  # noqa: E402
from predicted import ABSENT, DEFAULT, MISS, VALUE, WRONG  # noqa: E402
from roundtrip import wrong  # noqa: E402

SCALARS = sorted(INTEGERS) + "bool f32 f64 string string bytes uuid any".split()
NIL = b"\xc0"  # an `any`
COLOURS = "red green blue black white".split()


class Maker:
    """One entity, its struct type and its enum, before and after."""

    def __init__(self, rng, number):
        self.rng, self.number, self.fresh = rng, number, 0

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    def type(self, inner):
        kinds = SCALARS + inner * 3
        chance = self.rng.randrange(100)
        if chance < 12:
            return f"list<{self.rng.choice(kinds)}>"
        if chance < 20:
            return f"map<{self.rng.choice(kinds)}>"
        return self.rng.choice(kinds)

    def field(self, inner):
        self.fresh += 1
        field = {"name": f"f{self.fresh}", "type": self.type(inner), "optional": self.chance(30), "default": None, "max": None}
        self.adorn(field)
        return field

    def adorn(self, field):
        field["default"] = field["max"] = None
        if field["type"] in INTEGERS and field["type"] != "duration" and not field["optional"] and self.chance(30):
            field["default"] = str(self.rng.choice([0, 1, 7]))
        elif field["type"] == "string" or "<" in field["type"]:
            field["max"] = self.rng.choice([None, None, 1, 3, 31])

    def fields(self, inner, count):
        made = [self.field(inner) for _ in range(count)]
        for i, field in enumerate(made):
            field["id"] = i + 1
        return made

    # ---------------------------------------------------------------- changes

    def change(self, fields, inner):
        fields = [dict(field) for field in fields]
        for _ in range(self.rng.choice([1, 1, 2])):
            self.rng.choice([self.append, self.insert, self.remove, self.swap, self.retype, self.optional, self.bound])(fields, inner)
        return fields

    def append(self, fields, inner):
        fields.append({**self.field(inner), "id": max(field["id"] for field in fields) + self.rng.choice([1, 1, 2])})

    def insert(self, fields, inner):
        at = self.rng.randrange(len(fields))
        new = {**self.field(inner), "id": fields[at]["id"]}
        for field in fields:
            field["id"] += field["id"] >= new["id"]
        fields.insert(at, new)

    def remove(self, fields, inner):
        if len(fields) > 1:
            fields.remove(self.rng.choice(fields))

    def swap(self, fields, inner):
        one, other = self.rng.choice(fields), self.rng.choice(fields)
        one["id"], other["id"] = other["id"], one["id"]

    def retype(self, fields, inner):
        field = self.rng.choice(fields)
        if field["type"] in INTEGERS and self.chance(60):
            field["type"] = self.rng.choice(sorted(INTEGERS))
        else:
            field["type"] = self.type(inner)
        self.adorn(field)

    def optional(self, fields, inner):
        field = self.rng.choice(fields)
        field["optional"] = not field["optional"]
        field["default"] = None

    def bound(self, fields, inner):
        self.adorn(self.rng.choice(fields))

    def colours(self, names):
        names = list(names)
        change = self.rng.randrange(5)
        if change == 0 and len(names) > 1:
            names.remove(self.rng.choice(names))
        elif change == 1:
            names.insert(self.rng.randrange(len(names) + 1), "new")
        elif change == 2:
            self.rng.shuffle(names)
        return names

    # ---------------------------------------------------------------- the whole

    def text(self, names, inside, fields):
        n = self.number
        types = [f"  E{n}: {{ enum: [{', '.join(names)}] }}", f"  S{n}:", "    fields:"] + lines(inside)
        # What is declared must be used.
        entity = [f"  row_{n}:", f'    key: "row_{n}:{{n:u64}}"', "    fields:"] + lines(fields)
        return types, entity + [f"      of_s: {{ type: S{n}?, id: 100 }}", f"      of_e: {{ type: E{n}?, id: 101 }}"]

    def make(self):
        n = self.number
        names = self.rng.sample(COLOURS, self.rng.randrange(1, 5))
        inside = self.fields([f"E{n}"], self.rng.randrange(1, 4))
        fields = self.fields([f"E{n}", f"S{n}"], self.rng.randrange(1, 6))
        old = self.text(names, inside, fields)
        if self.chance(30):
            names = self.colours(names)
        if self.chance(30):
            inside = self.change(inside, [f"E{n}"])
        if self.chance(70):
            fields = self.change(fields, [f"E{n}", f"S{n}"])
        return old, self.text(names, inside, fields)


def lines(fields):
    made = []
    for field in fields:
        parts = [f"type: \"{field['type']}{'?' * field['optional']}\"", f"id: {field['id']}"]
        parts += [f"{key}: {field[key]}" for key in ("default", "max") if field[key] is not None]
        made.append(f"      {field['name']}: {{ {', '.join(parts)} }}")
    return made


def write_schemas(folder, seed, count):
    pairs = [Maker(random.Random(seed * 100000 + number), number).make() for number in range(count)]
    paths = []
    for version, name in enumerate(("old", "new")):
        text = ["larder: 1", "service: shop", "types:"]
        text += [line for pair in pairs for line in pair[version][0]] + ["entities:"]
        text += [line for pair in pairs for line in pair[version][1]]
        paths.append(os.path.join(folder, f"{name}.yaml"))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write("\n".join(text) + "\n")
    return paths


# ------------------------------------------------------------------ what is read


def unlike(writer, reader, written, seen):
    """What the reader has under a name that both know is not what was written."""
    if written in (None, NIL) or seen in (None, NIL):  # `any?` has no nil but that it is absent
        return (written in (None, NIL)) != (seen in (None, NIL))
    if writer.kind != reader.kind:
        return writer.kind in INTEGERS and reader.kind in INTEGERS and written != seen
    if writer.kind == "enum":
        return writer.decl.enumerators[written] != reader.decl.enumerators[seen] and is_known(writer, reader, written, seen)
    if writer.kind == "list":
        return any(unlike(writer.item, reader.item, *pair) for pair in zip(written, seen))
    if writer.kind == "map":
        return any(unlike(writer.item, reader.item, one, other) for (_, one), (_, other) in zip(written, seen))
    if writer.kind == "struct":
        sources = {field.name: (field.type, value) for field, value in zip(writer.decl.fields, written)}
        both = [(field, value) for field, value in zip(reader.decl.fields, seen) if field.name in sources]
        return any(unlike(sources[field.name][0], field.type, sources[field.name][1], value) for field, value in both)
    return written != seen


def is_known(writer, reader, written, seen):
    """Not a rename: one of the names is on the other side, too."""
    return writer.decl.enumerators[written] in reader.decl.enumerators or reader.decl.enumerators[seen] in writer.decl.enumerators


def look(writer, reader, number, value):
    """MISS, WRONG, or VALUE, which also stands for what is absent or a default."""
    entity, other = writer.entities[number], reader.entities[number]
    key = wire.key_of(entity, [1])
    stored = wire.write(writer, entity, key, value)
    try:
        seen = wire.read(reader, other, key, stored)
    except wire.NotThere:
        return MISS
    return WRONG if unlike(entity.body, other.body, value, seen) else VALUE


def check(writer, reader, side, found, values, count):
    kinds = 0
    for number, entity in enumerate(writer.entities):
        findings = found.get(entity.name, [])
        said = predicted.together(findings, side) if findings else {VALUE}
        rules = [finding["id"] for finding in findings]
        for _ in range(count):
            value = values.value(entity.body)
            seen = look(writer, reader, number, value)
            if seen == MISS and MISS not in said:
                wrong(f"{entity.name}, {side}", f"a miss that was not said: {sorted(said)} {rules}\n{value!r}")
            if seen != MISS and said == {MISS}:
                wrong(f"{entity.name}, {side}", f"it was read: {sorted(said)} {rules}\n{value!r}")
            if seen == WRONG and not said & {WRONG, ABSENT, DEFAULT}:
                wrong(f"{entity.name}, {side}", f"a wrong value that was not said: {sorted(said)} {rules}\n{value!r}")
            kinds += seen != VALUE
    return kinds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", default=os.environ.get("LARDER", "larder"))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--entities", type=int, default=300)
    parser.add_argument("--values", type=int, default=20)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="larder-changes-")
    try:
        paths = write_schemas(folder, options.seed, options.entities)
        found = predicted.findings_of(options.larder, *paths)
        old, new = (Schema(path) for path in paths)
    finally:
        shutil.rmtree(folder)
    values = Values(random.Random(options.seed))
    kinds = check(new, old, "old_sees", found, values, options.values)
    kinds += check(old, new, "new_sees", found, values, options.values)
    print(f"seed {options.seed}: {options.entities} entities, {kinds} reads were no hits or wrong")
    return 1 if roundtrip.failures or kinds == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
