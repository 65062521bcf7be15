# SPDX-License-Identifier: MIT
"""Random values of a schema's types, and values that are no value of theirs.

How they look is said in oracle_wire.py.
"""

import copy

from oracle_schema import INTEGERS, float_bits
from oracle_wire import DEPTH_MAX, KEY_MAX, key_text

TEXTS = [
    "",
    "a",
    "tea",
    "Grüße",
    "世界",
    "\U0001f375",
    "e\u0301",
    "\u00e9\u00e9\u00e9\u00e9",
    "\U0010ffff\u0080\u0800\ud7ff\ue000\uffff",
    "line\nline\ttab\r",
    "\x01\x1b\x7f",
    'quote " back \\ slash %s%n ??/ ??>',
    "1234567",
    "12345678",
    "123456789",
    "12345678901234567",
    "x" * 31,
    "x" * 32,
    "x" * 33,
    "é" * 16,
    "y" * 255,
    "y" * 256,
    "ascii to the very end but not quit\u00e9",
]
FLOATS = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-300, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, float("inf"), float("-inf")]
SINGLES = [0x00000000, 0x80000000, 0x3F800000, 0xBFC00000, 0x7F7FFFFF, 0x00000001, 0x00800000, 0x7F800000, 0xFF800000]
# One MessagePack value each, not all in the shortest form: `any` keeps them.
ANYS = [
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xcc\x05",
    b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
    b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xca\x7f\xc0\x00\x00",
    b"\xca\x3d\xcc\xcc\xcd",
    b"\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18",
    b"\xa3tea",
    b"\xd9\x03tea",
    b"\xa2\xff\xfe",
    b"\xc4\x00",
    b"\xc7\x00\x05",
    b"\xd4\x01\x00",
    b"\x90",
    b"\x80",
    b"\x93\x01\xc0\xa1x",
    b"\x82\xa1a\x92\x01\x02\x05\x81\xc0\xc0",
    b"\xdc\x00\x01\xc0",
    b"\x82\xa1a\xc2\xa3\xe2\x82a\xd1\xff\x00",
    b"\xa4a\x00\"\\",
    b"\x91" * DEPTH_MAX + b"\x01",
]


class Filled(bytes):
    """Bytes too many to be spelled in C: byte i is made by fill()."""


def filled(n):
    return Filled((i * 7 + (i >> 8)) & 0xFF for i in range(n))


class FilledText(str):
    """The same for text."""


def filled_text(n):
    return FilledText("".join(chr(ord("a") + i * 7 % 26) for i in range(n)))


class Values:
    def __init__(self, rng):
        self.rng = rng
        self.room = 0  # items left for the value that is made

    def value(self, type, room=120):
        self.room = room
        return self.make(type, 0)

    def chance(self, percent):
        return self.rng.randrange(100) < percent

    # ------------------------------------------------------------------ types

    def make(self, type, depth):
        if type.optional and (self.room <= 0 or depth > 6 or self.chance(35)):
            return None
        self.room -= 1
        kind = type.kind
        if kind in INTEGERS:
            return self.integer(*INTEGERS[kind])
        if kind == "any":
            values = [value for value in ANYS if not (type.optional and value == b"\xc0")]
            return self.rng.choice(values + ([] if type.optional else [b"\xc0"]))
        return getattr(self, "make_" + kind)(type, depth)

    def integer(self, low, high):
        edges = [low, high, 0, 1, low + 1, high - 1]
        edges += [127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53]
        edges += [-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1]
        if self.chance(60):
            return self.rng.choice([edge for edge in edges if low <= edge <= high])
        return self.rng.randint(low, high)

    def make_bool(self, type, depth):
        return self.chance(50)

    def make_f32(self, type, depth):
        if self.chance(70):
            return self.rng.choice(SINGLES)
        return float_bits("f32", self.rng.uniform(-1e6, 1e6))

    def make_f64(self, type, depth):
        if self.chance(60):
            return float_bits("f64", self.rng.choice(FLOATS))
        return float_bits("f64", self.rng.uniform(-1e12, 1e12))

    def make_string(self, type, depth):
        return self.text(type.max)

    def text(self, max=0, most=0):
        """most: a bound that is not the schema's."""
        max = min(max or most, most or max)
        if max and max <= 20000 and self.chance(25):
            return fit("é" * (max // 2) + "x" * (max % 2), max)
        if not max and self.chance(2):
            return filled_text(self.rng.choice([65535, 65536, 70000]))
        if self.chance(20):
            return fit("".join(self.rng.choice("abcXYZ019 /:%é世\U0001f375") for _ in range(self.rng.randrange(60))), max)
        return fit(self.rng.choice(TEXTS), max)

    def make_bytes(self, type, depth):
        if type.max and type.max <= 20000 and self.chance(25):
            return self.rng.randbytes(type.max) if type.max < 400 else filled(type.max)
        if self.chance(4) and not type.max:
            return filled(self.rng.choice([65535, 65536, 100000, 300000]))
        data = self.rng.choice([b"", b"\0", b"\xc1", b"x" * 255, b"y" * 256, self.rng.randbytes(self.rng.randrange(40))])
        return data[: type.max] if type.max else data

    def make_uuid(self, type, depth):
        return self.rng.choice([bytes(16), b"\xff" * 16, self.rng.randbytes(16)])

    def make_enum(self, type, depth):
        count = len(type.decl.enumerators)
        return self.rng.choice([0, count - 1, self.rng.randrange(count)])

    def count(self, type, depth):
        if self.room <= 0 or depth > 6:
            return 0
        if type.max and type.max <= 64 and type.item.kind in INTEGERS and self.chance(40):
            return type.max
        counts = [0, 1, 1, 2, 3] + ([15, 16, 17] if depth < 2 and self.room > 60 else [])
        return min(self.rng.choice(counts), type.max or 17)

    def make_list(self, type, depth):
        return [self.make(type.item, depth + 1) for _ in range(self.count(type, depth))]

    def make_map(self, type, depth):
        keys = []
        for _ in range(self.count(type, depth)):
            key = self.text(most=40)
            while key in keys:
                key += "'"
            keys.append(key)
        return [(key, self.make(type.item, depth + 1)) for key in keys]

    def make_struct(self, type, depth):
        value = []
        for field in type.decl.fields:
            if field.has_default and self.chance(30):
                value.append(field.default)
            else:
                value.append(self.make(field.type, depth + 1))
        return value

    # ------------------------------------------------------------------- keys

    def argument(self, param, as_field=None):
        if param.type.kind != "string":
            return self.make(param.type, 0)
        if as_field:
            return self.text(as_field.type.max, 100)
        if self.chance(30):
            return bytes(self.rng.randrange(1, 256) for _ in range(self.rng.randrange(1, 30)))
        return self.text(most=60)

    def pair(self, schema, entity):
        """Arguments of a key, and a value that may stand there."""
        value = self.value(entity.body)
        puts = entity.puts()
        arguments = []
        for param in entity.params:
            place = entity.field_of(param) if puts else None
            argument = self.argument(param, place and place[1])
            if place:
                value[place[0]] = argument
            arguments.append(argument)
        while len(schema.prefix + key_text(entity, arguments)) > KEY_MAX:
            return self.pair(schema, entity)
        return arguments, value


def fit(text, max):
    while max and len(text.encode()) > max:
        text = text[:-1]
    return text


# ------------------------------------------------------------------------- deep


def least(type):
    """The smallest value of a type that must be there."""
    kind = type.kind
    if type.optional:
        return None
    if kind in INTEGERS or kind in ("f32", "f64", "enum"):
        return 0
    if kind == "struct":
        return [least(field.type) for field in type.decl.fields]
    return {"bool": False, "string": "", "bytes": b"", "uuid": bytes(16), "any": b"\xc0", "list": [], "map": []}[kind]


def deep(type, levels):
    """A value of a struct that contains itself directly, so many levels of it; None where it does not."""
    decl = type.decl
    for i, field in enumerate(decl.fields):
        inner = field.type
        item = inner.item or inner
        if item.kind == "struct" and item.decl is decl and (inner.item is None or inner.item.item is None):
            value = least(type.required())
            if levels > 1:
                below = deep(item.required(), levels - 1)
                value[i] = [below] if inner.kind == "list" else [("k", below)] if inner.kind == "map" else below
            return value
    return None


def places(type, value, put):
    """Every place in a value: its type, what is there, and how to put another there."""
    yield type, value, put
    if value is None:
        return
    if type.kind == "struct":
        for i, field in enumerate(type.decl.fields):
            yield from places(field.type, value[i], setter(value, i))
    elif type.kind == "list":
        for i, item in enumerate(value):
            yield from places(type.item, item, setter(value, i))
    elif type.kind == "map":
        for i, (key, item) in enumerate(value):
            yield from places(type.item, item, lambda new, i=i, key=key: value.__setitem__(i, (key, new)))


def setter(value, i):
    return lambda new: value.__setitem__(i, new)


def extremes(entity, value):
    """Copies of a value with something as deep as may be, and one deeper: (is good, value)."""
    found = set()
    holder = [copy.deepcopy(value)]
    for type, _, put in list(places(entity.body, holder[0], setter(holder, 0))):
        if type.kind == "struct" and type.decl not in found and type.decl.is_recursive():
            found.add(type.decl)
            for levels in (DEPTH_MAX, DEPTH_MAX + 1):
                inner = deep(type.required(), levels)
                if inner is not None:
                    fresh = [copy.deepcopy(value)]
                    spots = [p for t, _, p in places(entity.body, fresh[0], setter(fresh, 0)) if t.kind == "struct" and t.decl is type.decl]
                    spots[0](inner)
                    yield levels == DEPTH_MAX, fresh[0]


def deep_anys(entity, value):
    """Copies with an `any` as deep as may be, and one deeper."""
    for levels in (DEPTH_MAX, DEPTH_MAX + 1):
        fresh = [copy.deepcopy(value)]
        every = places(entity.body, fresh[0], setter(fresh, 0))
        puts = [put for type, there, put in every if type.kind == "any" and there is not None]
        if puts:
            puts[0](b"\x91" * levels + b"\x01")
            yield fresh[0]


class Misfit(bytes):
    """A string that is no UTF-8."""


def misfits(rng, entity, value, most):
    """Copies of a value with one thing in it that the schema does not allow."""
    holder = [copy.deepcopy(value)]
    puts = {entity.field_of(param)[0] for param in entity.params} if entity.puts() else set()
    count = len(list(places(entity.body, holder[0], setter(holder, 0))))
    for n in rng.sample(range(count), min(count, most)):
        fresh = [copy.deepcopy(value)]
        type, there, put = list(places(entity.body, fresh[0], setter(fresh, 0)))[n]
        bad = misfit(rng, type, there)
        if bad is None:
            continue
        put(bad[0])
        if entity.shape == "fields" and any(fresh[0][i] != value[i] for i in puts):
            continue  # then it is another key's value
        yield fresh[0]


def misfit(rng, type, there):
    kind, max = type.kind, type.max
    if there is None:
        return None
    choices = []
    if kind == "string":
        choices += [Misfit(b"\xff"), Misfit(b"a\xc3"), Misfit(b"\xed\xa0\x80"), Misfit(b"plain ascii and then \xf5 ")]
        choices += [] if type.optional else [None]
        choices += ["x" * (max + 1)] if 0 < max < 5000 else []
    elif kind == "bytes" and 0 < max < 5000:
        choices = [b"x" * (max + 1)]
    elif kind == "enum" and len(type.decl.enumerators) & (len(type.decl.enumerators) - 1):
        choices = [len(type.decl.enumerators)]
    elif kind == "any":
        choices = [b"", b"\xc1", b"\x92\x01", b"\x01\x02", b"\xdd\xff\xff\xff\xff", b"\x91" * (DEPTH_MAX + 1) + b"\x01"]
    elif kind == "list" and there and 0 < max < 300:
        choices = [(there * (max + 1))[: max + 1]]
    elif kind == "map" and there:
        choices = [there + [there[0]], there + [(None, there[0][1])]]
        if 0 < max < 300:
            choices.append([(f"k{i}", there[0][1]) for i in range(max + 1)])
    return [rng.choice(choices)] if choices else None


def has_null_key(type, value):
    """A map's key that is no string at all cannot be stored."""
    every = places(type, value, None)
    return any(t.kind == "map" and v and any(key is None for key, _ in v) for t, v, _ in every)
