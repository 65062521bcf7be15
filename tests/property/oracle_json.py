# SPDX-License-Identifier: MIT
"""What a value's JSON must say, and values that are equal to another or not.

How values look is said in oracle_wire.py.
"""

import base64
import copy
import json
import math
import struct
import uuid

import msgpack

from oracle_schema import INTEGERS, float_bits, float_value
from oracle_values import ANYS, Filled, FilledText, least, places, setter

MASK = "***"


class Object(list):
    """A JSON object or MessagePack map, as pairs in order."""


def parse(text):
    """The text's value; a constant such as NaN, and anything else that RFC 8259 lacks, is refused."""
    return json.loads(text, object_pairs_hook=Object, parse_constant=refuse)


def refuse(word):
    raise ValueError(word)


def says(type, value, got):
    """Whether JSON that was parsed says this value of the type."""
    kind = type.kind
    if value is None:
        return got is None
    if kind == "struct":
        return isinstance(got, Object) and says_fields(type.decl, value, got)
    if kind == "list":
        return is_array(got) and len(got) == len(value) and all(says(type.item, v, g) for v, g in zip(value, got))
    if kind == "map":
        return (
            isinstance(got, Object)
            and [key for key, _ in got] == [str(key) for key, _ in value]
            and all(says(type.item, v, g) for (_, v), (_, g) in zip(value, got))
        )
    if kind in ("f32", "f64"):
        return says_float(kind, float_value(kind, value), got)
    if kind == "any":
        return says_any(unpack(bytes(value)), got)
    if kind == "bool":
        return got is value
    if kind in INTEGERS:
        return isinstance(got, int) and not isinstance(got, bool) and got == value
    return isinstance(got, str) and got == spell(type, value)


def spell(type, value):
    if type.kind == "enum":
        return type.decl.enumerators[value]
    if type.kind == "uuid":
        return str(uuid.UUID(bytes=bytes(value)))
    return base64.b64encode(value).decode() if type.kind == "bytes" else str(value)


def says_fields(decl, value, got):
    if [name for name, _ in got] != [field.name for field in decl.fields]:
        return False
    for field, item, (_, there) in zip(decl.fields, value, got):
        if field.secret and item is not None:
            if there != MASK:
                return False
        elif not says(field.type, item, there):
            return False
    return True


def is_array(got):
    return isinstance(got, list) and not isinstance(got, Object)


def says_float(kind, value, got):
    if not math.isfinite(value):
        return got is None
    if not isinstance(got, float) or math.copysign(1, got) != math.copysign(1, value):
        return False
    return got == value if kind == "f64" else float_bits("f32", got) == float_bits("f32", value)


def unpack(data):
    return msgpack.unpackb(data, raw=False, strict_map_key=False, object_pairs_hook=Object, unicode_errors="surrogateescape")


def says_any(value, got):
    if isinstance(value, float):
        return says_float("f64", value, got) or (is_single(value) and says_float("f32", value, got))
    if isinstance(value, Object):
        if not all(isinstance(key, str) for key, _ in value):
            return is_array(got) and all(is_array(g) and says_any(list(v), g) for v, g in zip(value, got))
        return isinstance(got, Object) and says_any([list(pair) for pair in value], [list(pair) for pair in got])
    if isinstance(value, list):
        return is_array(got) and len(value) == len(got) and all(says_any(v, g) for v, g in zip(value, got))
    if isinstance(value, msgpack.ExtType):
        return got == [("ext", value.code), ("data", base64.b64encode(value.data).decode())]
    if isinstance(value, bytes):
        return got == base64.b64encode(value).decode()
    if isinstance(value, str):
        return got == "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in value)
    return type(got) is type(value) and got == value


def is_single(value):
    try:
        return struct.unpack(">f", struct.pack(">f", value))[0] == value or not math.isfinite(value)
    except OverflowError:
        return False


# ------------------------------------------------------------------- equality


def twin(rng, type, value):
    """One that is equal, and not the same: maps in another order, zeros of another sign."""
    holder = [copy.deepcopy(value)]
    for inner, there, put in list(places(type, holder[0], setter(holder, 0))):
        if there is not None and inner.kind == "map":
            rng.shuffle(there)
        elif inner.kind in ("f32", "f64") and there is not None and float_value(inner.kind, there) == 0:
            put_zero(holder, type, inner)
    return holder[0]


def put_zero(holder, type, inner):
    """The first zero of this kind gets the other sign; shuffled maps have moved the others' places."""
    for other, there, put in places(type, holder[0], setter(holder, 0)):
        if other.kind == inner.kind and there is not None and float_value(other.kind, there) == 0:
            put(float_bits(other.kind, -float_value(other.kind, there)))
            return


def strangers(rng, type, value, most):
    """Copies of a value of which each differs from it in one place."""
    holder = [value]
    count = len(list(places(type, value, setter(holder, 0))))
    for n in rng.sample(range(count), min(count, most)):
        fresh = [copy.deepcopy(value)]
        inner, there, put = list(places(type, fresh[0], setter(fresh, 0)))[n]
        other = change(rng, inner, there)
        if other is not None:
            put(other[0])
            yield fresh[0]


def change(rng, type, there):
    """Another value of the type, in a list; None where there is none."""
    kind = type.kind
    if there is None:
        return [least(type.required())]
    if type.optional and rng.randrange(2):
        return [None]
    if kind in INTEGERS:
        return [there - 1 if there == INTEGERS[kind][1] else there + 1]
    if kind in ("f32", "f64"):
        bits = [float_bits(kind, number) for number in (1.5, 2.5)]
        return [bits[1] if there == bits[0] else bits[0]]
    if isinstance(there, (Filled, FilledText)) or (kind in ("string", "bytes") and len(there) > 400):
        return None
    if kind == "enum":
        return [(there + 1) % len(type.decl.enumerators)] if len(type.decl.enumerators) > 1 else None
    if kind == "list":
        return [there[:-1]] if there else [[least(type.item)]]
    if kind == "map":
        return [change_map(rng, type, there)]
    others = {
        "bool": lambda: not there,
        "string": lambda: there + "~",
        "bytes": lambda: there + b"~",
        "uuid": lambda: there[:-1] + bytes([there[-1] ^ 1]),
        "any": lambda: next(value for value in ANYS if value != there),
    }
    return [others[kind]()] if kind in others else None


def change_map(rng, type, there):
    if not there or rng.randrange(3) == 0:
        return there + [("another key, that is not there", least(type.item))]
    at = rng.randrange(len(there))
    if rng.randrange(2):
        return there[:at] + there[at + 1 :]
    return there[:at] + [(there[at][0] + "~ that is new", there[at][1])] + there[at + 1 :]
