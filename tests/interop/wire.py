# SPDX-License-Identifier: MIT
"""docs/wire-format.md once more, with what a program in Python would use: msgpack, xxhash, zstandard and lz4.

Not tests/property/oracle_wire.py, which spells every byte by itself: here the
libraries find the items and decompress, and this module adds what the page asks for
beyond them. Both are held against each other by interop.py. Schemas and
how values look in Python are those of tests/property: see oracle_wire.py.

    stored = write(schema, entity, key, value)
    stored = write_packed(schema, entity, key, value, ZSTD)
    value = read(schema, entity, key, stored)      raises NotThere, with the reason
"""

import hashlib
import struct
import time

import lz4.block
import msgpack
import xxhash
import zstandard

INTEGERS = {f"{sign}{bits}": bits for sign in "ui" for bits in (8, 16, 32, 64)}
INTEGERS.update(timestamp=64, duration=64)
DEEPEST = 32
LARGEST = 64 * 1024 * 1024
ZSTD, LZ4 = 1, 2
RATIOS = {ZSTD: 1024, LZ4: 255}  # the most bytes that one may become
EMPTY, PACKED, TIMED, VERSIONED = 8, 16, 32, 64
METAS = (1, 17, 33, 49, 65, 81, 97, 113, 9, 41, 73)
TAGS = 8  # the most
FOREVER = 2**53
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"


class NotThere(Exception):
    """A reader behaves as if nothing were stored."""


class Empty(NotThere):
    """A claim, a mark, or what has ended: nothing is wrong, there is just no value. Says what `get` answers."""


# ------------------------------------------------------------------------ keys


def spelled(param, value):
    kind = param.type.kind
    if kind == "string":
        raw = value if isinstance(value, bytes) else value.encode()
        text = "".join(chr(b) if b in PLAIN else "%%%02X" % b for b in raw) or "%"
        hashed = raw
    else:
        if kind == "bool":
            text = "true" if value else "false"
        elif kind == "uuid":
            cuts = [0, 8, 12, 16, 20, 32]
            text = "-".join(value.hex()[a:b] for a, b in zip(cuts, cuts[1:]))
        elif kind == "enum":
            text = param.type.decl.enumerators[value]
        else:
            text = "%d" % value
        hashed = text.encode()
    return hashlib.sha256(hashed).digest()[:16].hex() if param.hash else text


def key_of(entity, arguments):
    """Without the prefix."""
    left = list(arguments)
    return "".join(part if isinstance(part, str) else spelled(part, left.pop(0)) for part in entity.parts)


def fingerprint(service, entity, key):
    return xxhash.xxh3_64_intdigest(key.encode(), xxhash.xxh3_64_intdigest(f"{service}/{entity}".encode(), 0))


# --------------------------------------------------------------------- writing


class Body:
    """Packs in the library's forms, which are the shortest."""

    def __init__(self):
        self.parts = []
        self.packer = msgpack.Packer(use_bin_type=True)
        self.single = msgpack.Packer(use_bin_type=True, use_single_float=True)

    def put(self, type, value):
        if value is None:
            self.parts.append(self.packer.pack(None))
        elif type.kind == "any":
            self.parts.append(bytes(value))
        elif type.kind == "f32":
            self.parts.append(b"\xca" + value.to_bytes(4, "big"))  # bits: a NaN's stay as they are
        elif type.kind == "f64":
            self.parts.append(b"\xcb" + value.to_bytes(8, "big"))
        elif type.kind == "string":
            self.parts.append(self.packer.pack(value.decode() if isinstance(value, bytes) else str(value)))
        elif type.kind in ("bytes", "uuid"):
            self.parts.append(self.packer.pack(bytes(value)))
        elif type.kind == "list":
            self.parts.append(self.packer.pack_array_header(len(value)))
            for item in value:
                self.put(type.item, item)
        elif type.kind == "map":
            self.parts.append(self.packer.pack_map_header(len(value)))
            for key, item in value:
                self.parts.append(self.packer.pack(str(key)))
                self.put(type.item, item)
        elif type.kind == "struct":
            self.put_struct(type.decl, value)
        else:
            self.parts.append(self.packer.pack(value))

    def put_struct(self, decl, value):
        at = {field.id: (field.type, item) for field, item in zip(decl.fields, value)}
        last = max(at)
        self.parts.append(self.packer.pack_array_header(last))
        for position in range(1, last + 1):
            if position in at:
                self.put(*at[position])
            else:
                self.parts.append(self.packer.pack(None))


def write(schema, entity, key, value):
    body = Body()
    body.put(entity.body, value)
    return sealed(schema, entity, key, b"".join(body.parts))


def sealed(schema, entity, key, body):
    return head(schema, entity, key, 4, 1) + body


def head(schema, entity, key, elements, meta):
    whose = b"\xcf" + fingerprint(schema.service, entity.name, key).to_bytes(8, "big")
    return msgpack.Packer().pack_array_header(elements) + msgpack.packb(meta) + whose + msgpack.packb(entity.version)


def write_packed(schema, entity, key, value, codec):
    body = Body()
    body.put(entity.body, value)
    whole = b"".join(body.parts)
    return sealed_packed(schema, entity, key, codec, len(whole), packed(codec, whole))


def packed(codec, body, rng=None):
    """With rng: at any level, and of zstd's frames any kind."""
    if codec == LZ4:
        how = {"mode": rng.choice(["default", "fast", "high_compression"])} if rng else {}
        return lz4.block.compress(body, store_size=False, **how)
    if not rng:
        return zstandard.compress(body)
    says = {name: rng.choice([False, True]) for name in ("write_checksum", "write_content_size")}
    return zstandard.ZstdCompressor(level=rng.choice([-5, 1, 3, 12, 19]), **says).compress(body)


def sealed_packed(schema, entity, key, codec, size, bytes_):
    parts = [msgpack.packb(part, use_bin_type=True) for part in (codec, size, bytes_)]
    return head(schema, entity, key, 6, 17) + b"".join(parts)


def elements_of(meta):
    return 4 + 2 * bool(meta & PACKED) + 4 * bool(meta & TIMED) + 2 * bool(meta & VERSIONED)


def wide(number):
    return b"\xcf" + number.to_bytes(8, "big")


def fixed_head(meta, whose, version, token=0, until=0, fresh=0, cost=0, as_of=0, tags=()):
    """Of any form, up to the body; of what is empty with it."""
    parts = [bytes([0x90 | elements_of(meta), meta]), wide(whose)]
    if meta & TIMED:
        parts += [wide(token), wide(until), wide(fresh), b"\xce" + cost.to_bytes(4, "big")]
    if meta & VERSIONED:
        parts += [wide(as_of), bytes([0x90 | len(tags)]), *map(wide, tags)]
    return b"".join(parts) + msgpack.packb(version) + (b"\xc0" if meta & EMPTY else b"")


def version_id(service, text):
    return xxhash.xxh3_64_intdigest(text.encode(), xxhash.xxh3_64_intdigest(service.encode(), 0))


# --------------------------------------------------------------------- reading


def families():
    """What each first byte begins."""
    table = ["integer"] * 128 + ["map"] * 16 + ["array"] * 16 + ["str"] * 32
    table += ["nil", None, "bool", "bool"] + ["bin"] * 3 + ["ext"] * 3 + ["float 32", "float 64"]
    table += ["integer"] * 8 + ["ext"] * 5 + ["str"] * 3 + ["array"] * 2 + ["map"] * 2 + ["integer"] * 32
    return table


FAMILY = families()


class Items:
    """The items of stored bytes, one after the other."""

    def __init__(self, data):
        self.data = data
        self.unpacker = msgpack.Unpacker(raw=True, max_buffer_size=len(data) + 1, strict_map_key=False)
        self.unpacker.feed(data)

    @property
    def at(self):
        return self.unpacker.tell()

    @property
    def left(self):
        return len(self.data) - self.at

    def family(self):
        if self.left == 0:
            raise NotThere("the bytes end")
        return FAMILY[self.data[self.at]]

    def call(self, step):
        try:
            return step()
        except (msgpack.UnpackException, ValueError) as error:
            raise NotThere(f"no MessagePack: {error or type(error).__name__}") from None

    def take(self, *wanted):
        found = self.family()
        if found not in wanted:
            raise NotThere(f"{found} instead of {' or '.join(wanted)}")
        return self.call(self.unpacker.unpack)

    def skip(self):
        """One item with all that is in it, however deep: the library's own skip follows 1,000 or so."""
        pending = 1
        while pending:
            pending -= 1
            family = self.family()
            if family in ("array", "map"):
                each = 1 if family == "array" else 2
                pending += each * self.count(family, each)
            else:
                self.skip_plain()

    def skip_plain(self):
        # msgpack 1.0.3 adds the type's byte to an ext's length in 32 bits: 4 Gi - 1 becomes nothing.
        if self.data[self.at] == 0xC9 and int.from_bytes(self.data[self.at + 1 : self.at + 5], "big") > self.left:
            raise NotThere("a length beyond the bytes that are left")
        self.call(self.unpacker.skip)

    def is_nil(self):
        if self.family() != "nil":
            return False
        self.skip()
        return True

    def count(self, family, bytes_each):
        """Of an array or map, held against what is left."""
        if self.family() != family:
            raise NotThere(f"{self.family()} instead of {family}")
        count = self.call(self.unpacker.read_array_header if family == "array" else self.unpacker.read_map_header)
        if count * bytes_each > self.left:
            raise NotThere("a count beyond the bytes that are left")
        return count


class Value:
    """Reads a body as its type."""

    def __init__(self, items):
        self.items = items
        self.inside = 0  # types that contain themselves, around what is read

    def of(self, type):
        kind = type.kind
        if kind in INTEGERS or kind == "enum":
            return self.integer(type)
        if kind in ("list", "map", "struct", "string", "bytes", "uuid", "any", "f32", "f64"):
            return getattr(self, kind)(type)
        return self.items.take("bool")

    def of_item(self, type):
        return None if type.optional and self.items.is_nil() else self.of(type)

    def integer(self, type):
        value = self.items.take("integer")
        if type.kind == "enum":
            low, high = 0, len(type.decl.enumerators) - 1
        elif type.kind[0] == "u":
            low, high = 0, 2 ** INTEGERS[type.kind] - 1
        else:
            high = 2 ** (INTEGERS[type.kind] - 1) - 1
            low = -high - 1
        if not low <= value <= high:
            raise NotThere("an unknown enumerator" if type.kind == "enum" else f"{value} is no {type.kind}")
        return value

    def f32(self, type):
        start = self.items.at
        if self.items.family() == "float 64":
            number = self.items.take("float 64")
            try:
                single = struct.pack(">f", number)
            except OverflowError:
                single = b"\xff" * 4
            if struct.unpack(">f", single)[0] != number:
                raise NotThere("a float 64 that is no float 32")
            return int.from_bytes(single, "big")
        self.items.take("float 32")
        return int.from_bytes(self.items.data[start + 1 : start + 5], "big")

    def f64(self, type):
        start = self.items.at
        if self.items.family() == "float 32":
            single = struct.unpack(">f", self.f32(type).to_bytes(4, "big"))[0]
            return int.from_bytes(struct.pack(">d", single), "big")
        self.items.take("float 64")
        return int.from_bytes(self.items.data[start + 1 : start + 9], "big")

    def string(self, type):
        raw = self.items.take("str")
        bounded(type, len(raw))
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise NotThere("no UTF-8") from None
        if "\0" in text:
            raise NotThere("a NUL in a string")
        return text

    def bytes(self, type):
        raw = self.items.take("bin")
        bounded(type, len(raw))
        return raw

    def uuid(self, type):
        raw = self.items.take("bin")
        if len(raw) != 16:
            raise NotThere("a uuid of not 16 bytes")
        return raw

    def any(self, type):
        start = self.items.at
        self.nested(0)
        return self.items.data[start : self.items.at]

    def nested(self, around):
        family = self.items.family()
        if family not in ("array", "map"):
            self.items.skip()
            return
        if around == DEEPEST:
            raise NotThere("any nested too deep")
        each = 1 if family == "array" else 2
        for _ in range(self.items.count(family, each) * each):
            self.nested(around + 1)

    def list(self, type):
        count = self.items.count("array", 1)
        bounded(type, count)
        return [self.of_item(type.item) for _ in range(count)]

    def map(self, type):
        count = self.items.count("map", 2)
        bounded(type, count)
        pairs = {}
        for _ in range(count):
            key = self.string(NO_BOUND)
            if key in pairs:
                raise NotThere("a map key twice")
            pairs[key] = self.of_item(type.item)
        return list(pairs.items())

    def struct(self, type):
        decl = type.decl
        self.inside += decl.is_recursive()
        if self.inside > DEEPEST:
            raise NotThere("a type in itself nested too deep")
        found = self.positions(decl)
        self.inside -= decl.is_recursive()
        for field in decl.fields:
            if field.id not in found and not field.type.optional and not field.has_default:
                raise NotThere(f"nothing for {field.name}")
        return [found.get(field.id, field.default) for field in decl.fields]

    def positions(self, decl):
        fields = {field.id: field for field in decl.fields}
        found = {}
        for position in range(1, self.items.count("array", 1) + 1):
            field = fields.get(position)
            if field is None:
                self.items.skip()
            elif not ((field.type.optional or field.has_default) and self.items.is_nil()):
                found[position] = self.of(field.type)
        return found


class NO_BOUND:
    max = 0


def bounded(type, n):
    if type.max and n > type.max:
        raise NotThere(f"{n} is over the bound of {type.max}")


def zstd_frame(bytes_, size):
    """One frame, of not more than size bytes. What it says of itself is looked at before anything is allocated."""
    if not bytes_.startswith(ZSTD_MAGIC):
        raise NotThere("no zstd frame")
    library = zstandard.ZstdDecompressor(max_window_size=2**31)
    try:
        if zstandard.get_frame_parameters(bytes_).content_size not in (size, zstandard.CONTENTSIZE_UNKNOWN):
            raise NotThere("a frame of another size")
        body = library.decompress(bytes_, max_output_size=size)
        again = library.decompressobj()  # which tells what stands behind the frame
        again.decompress(bytes_)
    except zstandard.ZstdError as error:
        raise NotThere(f"zstd: {error}") from None
    if again.unused_data:
        raise NotThere("bytes behind the frame")
    return body


def lz4_block(bytes_, size):
    try:
        return lz4.block.decompress(bytes_, uncompressed_size=size)
    except lz4.block.LZ4BlockError as error:
        raise NotThere(f"LZ4: {error}") from None


def unpacked(items, entity):
    """The body, out of what stands behind the version."""
    codec, size = items.take("integer"), items.take("integer")
    bytes_ = items.take("bin")
    if items.left:
        raise NotThere("bytes behind the end")
    if codec not in RATIOS:
        raise NotThere("an unknown codec")
    if not 1 <= size <= min(entity.max_bytes or LARGEST, RATIOS[codec] * len(bytes_)):
        raise NotThere(f"a size of {size}")
    body = zstd_frame(bytes_, size) if codec == ZSTD else lz4_block(bytes_, size)
    if len(body) != size:
        raise NotThere(f"{len(body)} bytes, not {size}")
    return body


def fixed(items, meta):
    """What stands between fingerprint and version, in the one form that it may have."""
    data, at = items.data, 11
    widths = [9, 9, 9, 5] * bool(meta & TIMED) + [9] * bool(meta & VERSIONED)
    numbers = []
    if data[1] != meta or data[2] != 0xCF:
        raise NotThere("a head of another form")
    for width in widths:
        if data[at : at + 1] != (b"\xcf" if width == 9 else b"\xce") or len(data) < at + width:
            raise NotThere("a number of another form")
        numbers.append(items.take("integer"))
        at += width
    if meta & TIMED and max(numbers[1:3]) >= 2**63:
        raise NotThere("a time beyond all times")
    tags = []
    if meta & VERSIONED:
        if data[at : at + 1] < b"\x90" or data[at : at + 1] > b"\x9f" or items.count("array", 1) > TAGS:
            raise NotThere("tags of another form")
        for k in range(data[at] & 15):
            if data[at + 1 + 9 * k : at + 2 + 9 * k] != b"\xcf":
                raise NotThere("a tag of another form")
            tags.append(items.take("integer"))
    return numbers, tags


def read(schema, entity, key, stored, now=None, versions=None):
    """now: of the server, in ms, None: this machine's; versions: what there is of them, by id. Of an entity without policies."""
    items = Items(stored)
    elements = items.count("array", 1)
    meta = items.take("integer")
    if meta not in METAS or elements != elements_of(meta):
        raise NotThere("another meta, or another count of elements")
    if items.take("integer") != fingerprint(schema.service, entity.name, key):
        raise NotThere("the fingerprint of another key")
    numbers, tags = fixed(items, meta) if meta & (TIMED | VERSIONED) else ([], [])
    if items.take("integer") != entity.version:
        raise NotThere("another version")
    if meta & EMPTY:
        if items.left != 1 or not items.is_nil():
            raise NotThere("a value where there is none")
        raise Empty("LARDER_MISS" if meta & TIMED else "LARDER_ABSENT")
    if meta & PACKED:
        items = Items(unpacked(items, entity))
    value = Value(items).of(entity.body)
    if items.left:
        raise NotThere("bytes behind the end")
    if len(stored) > LARGEST:
        raise NotThere("too large")
    now = int(time.time() * 1000) if now is None else now
    if meta & TIMED and numbers[2] <= now:
        raise Empty("LARDER_MISS")
    for tag in tags:
        found = (versions or {}).get(tag, 0)
        if found == 0 or found >> 32 != numbers[-1] >> 32 or found > numbers[-1]:
            raise Empty("LARDER_MISS")
    return value
