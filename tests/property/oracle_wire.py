# SPDX-License-Identifier: MIT
"""Keys and values as docs/wire-format.md has them, in code that shares nothing with larder.

The author had read larder's codec, so this is a second implementation and not a
blind one. Where the page leaves something open, what larder does was taken:
an enumerator in a signed form is read, an `any` counts each array and map around
its innermost value as a level, and types that contain themselves share one
count of levels. A mistake of thought in those would be in both.

How a value looks here, by its type: int, bool, str (string), bytes (bytes,
uuid, any: the MessagePack as it is), the number of an enumerator, the bits of
a float, a list of a struct's fields, a list, a list of (key, value) pairs of a
map; None is absent.
"""

import ctypes
import hashlib
import struct
import time

from oracle_schema import INTEGERS

DEPTH_MAX = 32
STORED_MAX = 64 * 1024 * 1024
ZSTD, LZ4 = 1, 2
RATIOS = {ZSTD: 1024, LZ4: 255}
GAIN_LEAST = 11  # bytes: what the head of a compressed value may take more
KEY_MAX = 1024


class Bad(Exception):
    """These bytes are no value of that type."""


# ------------------------------------------------------------------------ keys

PLAIN = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def spell(param, value):
    kind = param.type.kind
    if kind == "string":
        raw = to_bytes(value)
        if param.hash:
            return hashlib.sha256(raw).hexdigest()[:32]
        return "".join(chr(b) if b in PLAIN else f"%{b:02X}" for b in raw) or "%"
    if kind == "bool":
        text = "true" if value else "false"
    elif kind == "uuid":
        digits = value.hex()
        text = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    elif kind == "enum":
        text = param.type.decl.enumerators[value]
    else:
        text = str(value)
    return hashlib.sha256(text.encode()).hexdigest()[:32] if param.hash else text


def key_text(entity, arguments):
    """Without the prefix."""
    given = iter(arguments)
    return "".join(part if isinstance(part, str) else spell(part, next(given)) for part in entity.parts)


_xxh = ctypes.CDLL("libxxhash.so.0")
_xxh.XXH3_64bits_withSeed.restype = ctypes.c_uint64
_xxh.XXH3_64bits_withSeed.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64]


def xxh3(data, seed):
    return _xxh.XXH3_64bits_withSeed(data, len(data), seed)


def fingerprint(service, entity, key):
    return xxh3(key.encode(), xxh3(f"{service}/{entity}".encode(), 0))


# --------------------------------------------------------------------- writing


class Shortest:
    """Every number, length and count in its shortest form: what larder writes."""

    def struct(self, decl, value, items):
        return items

    def number(self, value):
        for low, high, tag, form in NUMBERS:
            if low <= value <= high:
                return tag + struct.pack(form, value) if form else struct.pack(">b", value)
        raise AssertionError(value)

    def single(self, bits):
        return b"\xca" + struct.pack(">I", bits)

    def head(self, count, fix, fix_count, wides):
        if count < fix_count:
            return bytes([fix | count])
        for tag, form in wides:
            if count < 1 << 8 * struct.calcsize(form):
                return bytes([tag]) + struct.pack(form, count)
        raise AssertionError(count)


NUMBERS = [
    (-32, 127, b"", None),
    (0, 2**8 - 1, b"\xcc", ">B"),
    (0, 2**16 - 1, b"\xcd", ">H"),
    (0, 2**32 - 1, b"\xce", ">I"),
    (0, 2**64 - 1, b"\xcf", ">Q"),
    (-(2**7), 2**7 - 1, b"\xd0", ">b"),
    (-(2**15), 2**15 - 1, b"\xd1", ">h"),
    (-(2**31), 2**31 - 1, b"\xd2", ">i"),
    (-(2**63), 2**63 - 1, b"\xd3", ">q"),
]


class AnyForm:
    """A form of those that fit, by chance: what another library or a newer schema might write."""

    def __init__(self, rng, others):
        self.rng, self.others = rng, others

    def struct(self, decl, value, items):
        """Anything in holes; nothing or nil for defaults; more positions than are known, or fewer."""
        fields = decl.by_position()
        values = {field.id: item for field, item in zip(decl.fields, value)}
        items = list(items)
        may_go = True
        for position in range(decl.last, 0, -1):
            field = fields.get(position)
            if field is None:
                items[position - 1] = self.rng.choice(self.others)
                continue
            is_default = field.has_default and values[position] == field.default
            if is_default and self.rng.randrange(2):
                items[position - 1] = b"\xc0"
            may_go = may_go and (is_default or (field.type.optional and values[position] is None))
            if may_go and len(items) >= position and self.rng.randrange(2):
                del items[position - 1 :]
            else:
                may_go = False
        if len(items) == decl.last:
            items += [self.rng.choice(self.others) for _ in range(self.rng.choice([0, 0, 1, 2, 20]))]
        return items

    def number(self, value):
        low, high, tag, form = self.rng.choice([row for row in NUMBERS if row[0] <= value <= row[1]])
        return tag + struct.pack(form, value) if form else struct.pack(">b", value)

    def single(self, bits):
        is_nan = bits & 0x7FFFFFFF > 0x7F800000
        wide = b"\xcb" + struct.pack(">Q", widen(bits))
        return wide if not is_nan and self.rng.randrange(3) == 0 else b"\xca" + struct.pack(">I", bits)

    def head(self, count, fix, fix_count, wides):
        forms = [bytes([fix | count])] if count < fix_count else []
        for tag, form in wides:
            if count < 1 << 8 * struct.calcsize(form):
                forms.append(bytes([tag]) + struct.pack(form, count))
        return self.rng.choice(forms)


def encode(type, value, forms=None):
    forms = forms or Shortest()
    if value is None:
        return b"\xc0"
    kind = type.kind
    if kind == "bool":
        return b"\xc3" if value else b"\xc2"
    if kind in INTEGERS or kind == "enum":
        return forms.number(value)
    if kind == "f32":
        return forms.single(value)
    if kind == "f64":
        return b"\xcb" + struct.pack(">Q", value)
    if kind == "string":
        raw = to_bytes(value)
        return forms.head(len(raw), 0xA0, 32, [(0xD9, ">B"), (0xDA, ">H"), (0xDB, ">I")]) + raw
    if kind in ("bytes", "uuid"):
        return forms.head(len(value), 0, 0, [(0xC4, ">B"), (0xC5, ">H"), (0xC6, ">I")]) + bytes(value)
    if kind == "any":
        return bytes(value)
    if kind == "list":
        return array(forms, len(value)) + b"".join(encode(type.item, item, forms) for item in value)
    if kind == "map":
        string = STRING
        head = forms.head(len(value), 0x80, 16, [(0xDE, ">H"), (0xDF, ">I")])
        return head + b"".join(encode(string, k, forms) + encode(type.item, v, forms) for k, v in value)
    return encode_struct(type.decl, value, forms)


def array(forms, count):
    return forms.head(count, 0x90, 16, [(0xDC, ">H"), (0xDD, ">I")])


def encode_struct(decl, value, forms):
    positions = {field.id: encode(field.type, item, forms) for field, item in zip(decl.fields, value)}
    items = forms.struct(decl, value, [positions.get(i, b"\xc0") for i in range(1, decl.last + 1)])
    return array(forms, len(items)) + b"".join(items)


class _String:
    kind, optional, max, item, decl = "string", False, 0, None, None


STRING = _String()


def envelope(schema, entity, key, body):
    head = b"\x94\x01\xcf" + struct.pack(">Q", fingerprint(schema.service, entity.name, key))
    return head + Shortest().number(entity.version) + body


# ----------------------------------------------------------------- compressed

_zstd = ctypes.CDLL("libzstd.so.1")
for _name in ("ZSTD_compress2", "ZSTD_CCtx_setParameter", "ZSTD_decompress", "ZSTD_findFrameCompressedSize"):
    getattr(_zstd, _name).restype = ctypes.c_size_t
_zstd.ZSTD_createCCtx.restype = ctypes.c_void_p
_writer = ctypes.c_void_p(_zstd.ZSTD_createCCtx())
for _parameter in (100, 201):  # the level, and a checksum
    _zstd.ZSTD_CCtx_setParameter(_writer, _parameter, 1)
_lz4 = ctypes.CDLL("liblz4.so.1")


def compress(codec, body, most=None):
    """As larder does: zstd's level 1 with a checksum, LZ4's fastest; empty if they do not make it with `most` bytes of room."""
    n = len(body)
    most = 2 * n + 1024 if most is None else most
    room = ctypes.create_string_buffer(most)
    if codec == LZ4:
        made = _lz4.LZ4_compress_default(body, room, n, most)
    else:
        made = _zstd.ZSTD_compress2(_writer, room, ctypes.c_size_t(most), body, ctypes.c_size_t(n))
    return room.raw[:made] if made <= most else b""


def decompress(codec, packed, size):
    """Exactly size bytes, or Bad."""
    room = ctypes.create_string_buffer(size)
    if codec == LZ4:
        made = _lz4.LZ4_decompress_safe(packed, room, len(packed), size)
    else:
        n = ctypes.c_size_t(len(packed))
        if packed[:4] != b"\x28\xb5\x2f\xfd" or _zstd.ZSTD_findFrameCompressedSize(packed, n) != n.value:
            raise Bad("not one frame")
        made = _zstd.ZSTD_decompress(room, ctypes.c_size_t(size), packed, n)
    if made != size:
        raise Bad("does not decompress to its size")
    return room.raw


def packed_envelope(schema, entity, key, codec, size, packed):
    head = b"\x96\x11\xcf" + struct.pack(">Q", fingerprint(schema.service, entity.name, key))
    head += Shortest().number(entity.version) + Shortest().number(codec) + Shortest().number(size)
    return head + Shortest().head(len(packed), 0, 0, [(0xC4, ">B"), (0xC5, ">H"), (0xC6, ">I")]) + packed


def stored(schema, entity, key, body):
    """What larder stores of a body: as it is, or smaller where that is asked for and gains enough."""
    n = len(body)
    gain = max(n // 8, GAIN_LEAST)
    if entity.codec and n > entity.above and n > gain:
        packed = compress(entity.codec, body, n - gain)
        if n <= len(packed) * RATIOS[entity.codec]:
            return packed_envelope(schema, entity, key, entity.codec, n, packed)
    return envelope(schema, entity, key, body)


# --------------------------------------------------------------------- reading


class Reader:
    def __init__(self, data):
        self.data, self.at, self.depth = data, 0, 0

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Bad("the end")
        self.at += n
        return self.data[self.at - n : self.at]

    def unpack(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def peek(self):
        if self.at >= len(self.data):
            raise Bad("the end")
        return self.data[self.at]

    def head(self):
        """(what, its number or length or bits)"""
        tag = self.unpack(">B")
        if tag < 0x80 or tag >= 0xE0:
            return "int", tag if tag < 0x80 else tag - 256
        if tag < 0xC0:
            return ("map", tag & 15) if tag < 0x90 else ("array", tag & 15) if tag < 0xA0 else ("str", tag & 31)
        if tag in FORMS:
            what, form = FORMS[tag]
            return what, self.unpack(form) if form else tag
        raise Bad("0xc1")

    def skip(self):
        """One value, whatever it is; the deepest nesting of containers in it."""
        left = [1]
        deepest = 0
        while left:
            if left[-1] == 0:
                left.pop()
                continue
            left[-1] -= 1
            what, n = self.head()
            if what in ("array", "map"):
                left.append(2 * n if what == "map" else n)
                deepest = max(deepest, len(left) - 1)
            elif what in ("str", "bin"):
                self.take(n)
            elif what == "ext":
                self.take(n + 1)
            elif what == "fixext":
                self.take((1 << n - 0xD4) + 1)
        return deepest


FORMS = {0xC0: ("nil", None), 0xC2: ("bool", None), 0xC3: ("bool", None), 0xCA: ("f32", ">I"), 0xCB: ("f64", ">Q")}
FORMS.update({0xC4: ("bin", ">B"), 0xC5: ("bin", ">H"), 0xC6: ("bin", ">I")})
FORMS.update({0xC7: ("ext", ">B"), 0xC8: ("ext", ">H"), 0xC9: ("ext", ">I")})
FORMS.update({tag: ("fixext", None) for tag in range(0xD4, 0xD9)})
FORMS.update({0xCC: ("int", ">B"), 0xCD: ("int", ">H"), 0xCE: ("int", ">I"), 0xCF: ("int", ">Q")})
FORMS.update({0xD0: ("int", ">b"), 0xD1: ("int", ">h"), 0xD2: ("int", ">i"), 0xD3: ("int", ">q")})
FORMS.update({0xD9: ("str", ">B"), 0xDA: ("str", ">H"), 0xDB: ("str", ">I")})
FORMS.update({0xDC: ("array", ">H"), 0xDD: ("array", ">I"), 0xDE: ("map", ">H"), 0xDF: ("map", ">I")})


def want(reader, what):
    found, n = reader.head()
    if found != what:
        raise Bad(f"{found} for {what}")
    return n


def decode(reader, type):
    kind = type.kind
    if kind == "bool":
        return want(reader, "bool") == 0xC3
    if kind in INTEGERS or kind == "enum":
        low, high = INTEGERS[kind] if kind != "enum" else (0, len(type.decl.enumerators) - 1)
        value = want(reader, "int")
        if not low <= value <= high:
            raise Bad("range")
        return value
    if kind == "f32":
        found, bits = reader.head()
        if found not in ("f32", "f64"):
            raise Bad("no float")
        return bits if found == "f32" else narrowed(bits)
    if kind == "f64":
        found, bits = reader.head()
        if found == "f32":
            return widen(bits)
        if found != "f64":
            raise Bad("no float")
        return bits
    if kind == "string":
        return decode_text(reader, type.max)
    if kind in ("bytes", "uuid"):
        data = reader.take(bounded(want(reader, "bin"), type.max))
        if kind == "uuid" and len(data) != 16:
            raise Bad("no uuid")
        return data
    if kind == "any":
        start = reader.at
        if reader.skip() > DEPTH_MAX:
            raise Bad("too deep")
        return reader.data[start : reader.at]
    if kind == "list":
        return [decode_item(reader, type.item) for _ in range(bounded(want(reader, "array"), type.max))]
    if kind == "map":
        return decode_map(reader, type)
    return decode_struct(reader, type.decl)


def widen(bits):
    return struct.unpack(">Q", struct.pack(">d", struct.unpack(">f", struct.pack(">I", bits))[0]))[0]


def narrowed(bits):
    """Of the same number as a float 32."""
    number = struct.unpack(">d", struct.pack(">Q", bits))[0]
    try:
        single = struct.pack(">f", number)
    except OverflowError:
        raise Bad("no float 32") from None
    if struct.unpack(">f", single)[0] != number:
        raise Bad("no float 32")
    return struct.unpack(">I", single)[0]


def bounded(count, max):
    if max and count > max:
        raise Bad("bound")
    return count


def decode_text(reader, max):
    raw = reader.take(bounded(want(reader, "str"), max))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Bad("UTF-8") from None
    if "\0" in text:
        raise Bad("NUL")
    return text


def decode_item(reader, type):
    if type.optional and reader.peek() == 0xC0:
        reader.take(1)
        return None
    return decode(reader, type)


def decode_map(reader, type):
    pairs = []
    for _ in range(bounded(want(reader, "map"), type.max)):
        key = decode_text(reader, 0)
        pairs.append((key, decode_item(reader, type.item)))
    if len({key for key, _ in pairs}) != len(pairs):
        raise Bad("a key twice")
    return pairs


def decode_struct(reader, decl):
    reader.depth += decl.is_recursive()
    if reader.depth > DEPTH_MAX:
        raise Bad("too deep")
    count = want(reader, "array")
    if count > len(reader.data) - reader.at:
        raise Bad("count")
    found = {}
    fields = decl.by_position()
    for position in range(1, count + 1):
        field = fields.get(position)
        if field is None:
            reader.skip()
        elif reader.peek() == 0xC0 and (field.type.optional or field.has_default):
            reader.take(1)
        else:
            found[position] = decode(reader, field.type)
    reader.depth -= decl.is_recursive()
    value = []
    for field in decl.fields:
        if field.id not in found and not field.type.optional and not field.has_default:
            raise Bad("a field is missing")
        value.append(found.get(field.id, field.default))
    return value


def read_packed(reader, entity):
    """The body, out of the elements behind the version."""
    codec, size = want(reader, "int"), want(reader, "int")
    packed = reader.take(want(reader, "bin"))
    if reader.at != len(reader.data):
        raise Bad("behind the end")
    if codec not in RATIOS or not 1 <= size <= min(entity.max_bytes or STORED_MAX, len(packed) * RATIOS[codec]):
        raise Bad("codec or size")
    return decompress(codec, packed, size)


class NoValue(Bad):
    """A claim, a mark, or what has ended. Says what `get` answers."""


def read_head(reader):
    """(meta, fingerprint, fresh or None, as_of, tags, version). What is timed or versioned has but one form."""
    elements, meta = want(reader, "array"), want(reader, "int")
    timed, versioned, empty = (0 <= meta < 128 and bool(meta & bit) for bit in (32, 64, 8))
    known = 0 <= meta < 128 and meta & 7 == 1 and not (empty and meta & 16) and not (empty and timed and versioned)
    if not known or elements != 4 + 4 * timed + 2 * versioned + 2 * bool(meta & 16):
        raise Bad("meta")
    if not timed and not versioned:
        return meta, want(reader, "int"), None, 0, [], want(reader, "int")
    if reader.at != 2:
        raise Bad("form")
    forms = ">B9s" + "9s9s9s5s" * timed + "9s" * versioned
    size = struct.calcsize(forms) - 1
    words = [bytes(word) for word in struct.unpack(forms, b"\0" + reader.take(size))[1:]]
    if any(word[0] != (0xCF if len(word) == 9 else 0xCE) for word in words):
        raise Bad("form")
    numbers = [int.from_bytes(word[1:], "big") for word in words]
    if timed and numbers[2] | numbers[3] >= 2**63:
        raise Bad("time")
    tags = []
    if versioned:
        count = reader.take(1)[0]
        if not 0x90 <= count <= 0x98:
            raise Bad("tags")
        for _ in range(count - 0x90):
            tag = reader.take(9)
            tags.append(int.from_bytes(tag[1:], "big"))
            if tag[0] != 0xCF:
                raise Bad("tag")
    return meta, numbers[0], numbers[3] if timed else None, numbers[-1] if versioned else 0, tags, want(reader, "int")


def read(schema, entity, key, stored, now=None, versions=None):
    """The value, or Bad: then larder must say that there is none. now and versions: as wire.py's."""
    reader = Reader(stored)
    meta, whose, fresh, as_of, tags, version = read_head(reader)
    if whose != fingerprint(schema.service, entity.name, key):
        raise Bad("fingerprint")
    if version != entity.version:
        raise Bad("version")
    if meta & 8:
        if stored[reader.at :] != b"\xc0":
            raise Bad("behind the end")
        raise NoValue("LARDER_MISS" if meta & 32 else "LARDER_ABSENT")
    if meta & 16:
        reader = Reader(read_packed(reader, entity))
    value = decode(reader, entity.body)
    if reader.at != len(reader.data):
        raise Bad("behind the end")
    found = [(versions or {}).get(tag, 0) for tag in tags]
    now = int(time.time() * 1000) if now is None else now
    if (fresh is not None and fresh <= now) or any(v == 0 or v >> 32 != as_of >> 32 or v > as_of for v in found):
        raise NoValue("LARDER_MISS")
    return value
