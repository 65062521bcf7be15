#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a valid schema made by chance, of all that the type system has.

    random_schema.py SEED [FOLDER]
"""

import json
import os
import random
import sys

from oracle_schema import INTEGERS, snake
from oracle_values import TEXTS

WORDS = "tea cup name size shelf Depth userId row class new errno int long auto this operator key value items count NULL".split()
WORDS += "w r i out has status text bool string list map index order_by linux register HTTPUrl isOpen delete label".split()
SCALARS = sorted(INTEGERS) + "bool f32 f64 string string string bytes uuid any".split()
PARAMS = sorted(set(INTEGERS) - {"timestamp", "duration"}) + ["bool", "string", "string", "uuid"]
PARAM_NAMES = "id user_id page key value cache new x lang Slot class ttl_ms sizeOf status mode core call params service".split()
# What YAML lets stand in a text as it is; \x01 becomes an escape.
PRINTABLE = [text for text in TEXTS if "\x7f" not in text and "\x80" not in text]
REALS = ["0", "-0.5", "1e10", "2.5e-3", "0.1"]


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.service = self.rng.choice(["svc", "s", "int", "a_b", "shop2"]) + f"_{seed % 1000}"
        self.enums, self.structs = {}, []  # names; an enum's enumerators
        self.lines = []

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    # ------------------------------------------------------------------ types

    def base(self, known, depth):
        """A type without `?`: known structs may be embedded, the others stand in containers only."""
        chance = self.rng.randrange(100)
        if depth < 3 and chance < 25:
            return self.container(depth)
        if chance < 45 and known:
            return self.rng.choice(known)
        if chance < 55 and self.enums:
            return self.rng.choice(sorted(self.enums))
        return self.rng.choice(SCALARS)

    def container(self, depth):
        item = self.base(self.structs, depth + 1)
        if (item in self.structs or item == "string") and self.chance(30):
            item += "?"
        return f"{self.rng.choice(['list', 'map'])}<{item}>"

    def field(self, known):
        """What stands behind a field's name, without its id."""
        optional = self.chance(30)
        type = self.base(self.structs if optional else known, 0)
        spec = {"type": type + "?" * optional}
        plain = type.partition("<")[0]
        if plain in ("string", "bytes", "list", "map") and self.chance(35):
            spec["max"] = str(self.rng.choice([1, 2, 3, 7, 31, 32, 64, "1KiB"]))
        elif not optional and self.chance(40):
            default = self.default(type)
            if default is not None:
                spec["default"] = default
        if self.chance(10):
            spec["secret"] = "true"
        if self.chance(10):
            spec["description"] = json.dumps(self.rng.choice(PRINTABLE), ensure_ascii=False)
        return spec

    def default(self, type):
        if type == "bool":
            return self.rng.choice(["true", "false"])
        if type == "duration":
            return self.rng.choice(["0", "-5s", "90m", "1500ms", "2d"])
        if type in INTEGERS:
            low, high = INTEGERS[type]
            return str(self.rng.choice([low, high, 0, 1, self.rng.randint(low, high)]))
        if type in ("f32", "f64"):
            return self.rng.choice(REALS)
        if type == "string":
            return json.dumps(self.rng.choice(PRINTABLE), ensure_ascii=False)
        return self.rng.choice(self.enums[type]) if type in self.enums else None

    # ----------------------------------------------------------------- fields

    def names(self, count):
        """Names that differ in C, too."""
        picked = self.rng.sample(WORDS, min(count, len(WORDS)))
        return picked + [f"more_{i}" for i in range(count - len(picked))]

    def fields(self, known, count, first=()):
        """Lines, and the `reserved` that goes with them."""
        taken = {snake(name) for name, _ in first}
        names = [name for name in self.names(count + len(first)) if snake(name) not in taken][:count]
        specs = list(first) + [(name, self.field(known)) for name in names]
        lines, reserved, position = [], [], 0
        shuffled = None
        if self.chance(20):
            shuffled = self.rng.sample(range(1, len(specs) + 9), len(specs))
        for i, (name, spec) in enumerate(specs):
            if shuffled:
                spec["id"] = str(shuffled[i])
            elif self.chance(10):
                gap = self.rng.randrange(1, 5)
                reserved += range(position + 1, position + gap + 1)
                position += gap + 1
                if self.chance(50):
                    spec["id"] = str(position)
            else:
                position += 1
            short = set(spec) == {"type"} and self.chance(80)
            text = spec["type"] if short else "{ " + ", ".join(f"{k}: {quoted(k, v)}" for k, v in spec.items()) + " }"
            lines.append(f"      {name}: {text}")
        return lines, reserved

    def declare(self):
        for i in range(self.rng.randrange(1, 4)):
            names = self.rng.sample("red green NULL class in_stock TrueValue x1 EOF void Int".split(), self.rng.randrange(1, 8))
            self.enums[f"Enum{i}"] = names
            self.lines.append(f"  Enum{i}: {{ enum: [{', '.join(names)}] }}")
        count = self.rng.randrange(1, 6)
        self.structs = [f"{self.rng.choice(['Type', 'type_', 'TYPE'])}{i}" for i in range(count)]
        for i, name in enumerate(self.structs):
            lines, reserved = self.fields(self.structs[:i], self.rng.randrange(1, 9))
            self.lines.append(f"  {name}:\n    fields:")
            self.lines += lines
            if reserved:
                self.lines.append(f"    reserved: {reserved}")

    # --------------------------------------------------------------- entities

    def key(self, name):
        params = []
        for param in self.rng.sample(PARAM_NAMES, self.rng.choice([0, 1, 1, 1, 2, 3, 6])):
            type = self.rng.choice(PARAMS + sorted(self.enums))
            params.append((param, type))
        text = name
        for param, type in params:
            hash = "|hash" if self.chance(15) else ""
            text += f":{{{param}}}" if type == "string" and not hash and self.chance(50) else f":{{{param}:{type}{hash}}}"
        return text, params

    def compress(self):
        codec = self.rng.choice(["zstd", "lz4", "zstd", "lz4", "none"])
        above = self.rng.choice(["", ", above: 0", ", above: 0", ", above: 40", ", above: 300B", ", above: 64MiB"])
        return f"{{ codec: {codec}{above} }}"

    def entity(self, name):
        key, params = self.key(name)
        self.lines.append(f'  {name}:\n    key: "{key}"')
        shape = self.rng.choice(["fields", "fields", "list", "value"])
        if shape == "fields":
            first = [(param, {"type": type}) for param, type in params] if self.chance(60) else []
            self.rng.shuffle(first)
            lines, reserved = self.fields(self.structs, self.rng.randrange(1, 14), first)
            self.lines.append("    fields:")
            self.lines += lines
            if reserved:
                self.lines.append(f"    reserved: {reserved}")
        else:
            type = self.base(self.structs, 0)
            if shape == "list" and (type in self.structs or type == "string") and self.chance(30):
                type += "?"
            self.lines.append(f"    {shape}: {type}\n    ttl_only: true")
        if self.chance(60):
            self.lines.append(f"    compress: {self.compress()}")
        for line in ("version: 7", "ttl: 40m", "ttl: short", "jitter: 25%", "max_bytes: 2MiB", "description: some"):
            if self.chance(15) and not (line.startswith("ttl") and self.lines[-1].startswith("    ttl:")):
                self.lines.append("    " + line)
        return name, params

    def events(self, entities):
        self.lines.append("events:")
        for i in range(self.rng.randrange(1, 4)):
            params, targets = {}, []
            for name, needed in self.rng.sample(entities, self.rng.randrange(1, min(4, len(entities)) + 1)):
                arguments = []
                for param, type in needed:
                    argument = f"{param}_{len(params)}" if self.chance(70) or param in params else param
                    params[argument] = type
                    arguments.append(argument)
                targets.append(f'      - "{name}({", ".join(arguments)})"')
            self.lines.append(f"  happened_{i}:")
            if params:
                self.lines.append("    params: { " + ", ".join(f"{k}: {v}" for k, v in params.items()) + " }")
            self.lines.append("    invalidate:")
            self.lines += targets

    def schema(self):
        self.lines = ["larder: 1", f"service: {self.service}", "allow: [no-jitter, secret-in-key]"]
        self.lines.append(f'redis: {{ db: {self.rng.randrange(16)}, prefix: "{self.rng.choice(["", "p:", "a/b."])}" }}')
        self.lines.append("ttl: { short: 70s, default: 5h }\ntypes:")
        self.declare()
        self.lines.append("entities:")
        names = [f"{self.rng.choice(['thing', 'box', 'Row', 'int'])}_{i}" for i in range(self.rng.randrange(2, 9))]
        entities = [self.entity(name) for name in names]
        # Each type must be used.
        self.lines.append('  everything:\n    key: "everything"\n    fields:')
        self.lines += [f"      of_{i}: {name}?" for i, name in enumerate(self.structs + sorted(self.enums))]
        self.events(entities + [("everything", [])])
        return "\n".join(self.lines) + "\n"


def quoted(key, text):
    return f'"{text}"' if key == "type" else text


def write(folder, seed):
    path = os.path.join(folder, f"random_{seed}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# Seed {seed}\n" + Maker(seed).schema())
    return path


if __name__ == "__main__":
    print(write(sys.argv[2] if len(sys.argv) > 2 else ".", int(sys.argv[1])))
