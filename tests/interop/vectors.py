# SPDX-License-Identifier: MIT
"""The lines of tests/vectors/wire.txt that speak of tests/vectors/wire.yaml, and values as JSON.

JSON has each value by its type: numbers and booleans as they are ("inf", "-inf"
and "nan" for those floats), strings; bytes, uuid and any as hexadecimal;
an enumerator by its name; a struct and a map as objects, a list as an array;
what is absent as null, or not there at all.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("LARDER_SOURCE_DIR") or os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "property"))

from oracle_schema import float_bits, float_value  # noqa: E402

FILE = os.path.join(ROOT, "tests", "vectors", "wire.txt")
SCHEMA = os.path.join(ROOT, "tests", "vectors", "wire.yaml")
NAMED = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan")}


class Line:
    """kind: entry, read, miss or empty; rest: a JSON value, a miss's reason, or what `get` answers."""

    def __init__(self, kind, entity, arguments, key, stored, rest):
        self.kind, self.entity, self.key = kind, entity, key
        self.arguments = [from_json(param.type, a) for param, a in zip(entity.params, json.loads(arguments))]
        self.stored = b"" if stored == "-" else bytes.fromhex(stored)
        self.there = kind in ("entry", "read")
        self.value = from_json(entity.body, json.loads(rest)) if self.there else None
        self.reason = None if self.there else rest

    def __str__(self):
        return f"{self.kind} {self.entity.name} {self.stored.hex():.200}"


def lines(schema):
    entities = {entity.name: entity for entity in schema.entities}
    with open(FILE, encoding="utf-8") as file:
        for line in file:
            words = line.rstrip("\n").split(" ", 5)
            if words[0] in ("entry", "read", "miss", "empty"):
                yield Line(words[0], entities[words[1]], *words[2:])


def from_json(type, value):
    kind = type.kind
    if value is None:
        return None
    if kind in ("f32", "f64"):
        return float_bits(kind, NAMED[value] if isinstance(value, str) else value)
    if kind in ("bytes", "uuid", "any"):
        return bytes.fromhex(value)
    if kind == "enum":
        return type.decl.enumerators.index(value)
    if kind == "list":
        return [from_json(type.item, item) for item in value]
    if kind == "map":
        return [(key, from_json(type.item, item)) for key, item in value.items()]
    if kind == "struct":
        unknown = set(value) - {field.name for field in type.decl.fields}
        assert not unknown, unknown
        return [from_json(field.type, value.get(field.name)) for field in type.decl.fields]
    return value


def to_json(type, value):
    kind = type.kind
    if value is None:
        return None
    if kind in ("f32", "f64"):
        number = float_value(kind, value)
        return next((name for name, named in NAMED.items() if repr(named) == repr(number)), number)
    if kind in ("bytes", "uuid", "any"):
        return value.hex()
    if kind == "enum":
        return type.decl.enumerators[value]
    if kind == "list":
        return [to_json(type.item, item) for item in value]
    if kind == "map":
        return {key: to_json(type.item, item) for key, item in value}
    if kind == "struct":
        return {field.name: to_json(field.type, item) for field, item in zip(type.decl.fields, value)}
    return value
