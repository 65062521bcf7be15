# SPDX-License-Identifier: MIT
"""A schema, read without larder's code: what docs and headers promise, said once more.

Reads valid schemas only: what is wrong with a schema is the generator's to say.
C names follow the schema reference, "Names in C"; its list of reserved words and
how words are told apart in CamelCase were taken over from the generator.
"""

import functools
import os
import re
import struct

import yaml

INTEGERS = {
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "i8": (-(2**7), 2**7 - 1),
    "i16": (-(2**15), 2**15 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "i64": (-(2**63), 2**63 - 1),
    "timestamp": (-(2**63), 2**63 - 1),
    "duration": (-(2**63), 2**63 - 1),
}
SCALARS = set(INTEGERS) | {"bool", "f32", "f64", "string", "bytes", "uuid", "any"}

KEYWORDS = set(
    """alignas alignof auto bool break case char const constexpr continue default do double else enum extern false
    float for goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct
    switch thread_local true typedef typeof typeof_unqual union unsigned void volatile while asm fortran and and_eq
    bitand bitor catch char8_t char16_t char32_t class compl concept consteval constinit const_cast co_await co_return
    co_yield decltype delete dynamic_cast explicit export friend mutable namespace new noexcept not not_eq operator or
    or_eq private protected public reinterpret_cast requires static_cast template this throw try typeid typename using
    virtual wchar_t xor xor_eq NULL EOF errno assert stdin stdout stderr linux unix
    size_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t""".split()
)
FIXED_PARAMETERS = set(
    "cache batch value values keys key count buf size load user out ttl_ms wait_ms by member lock".split()
)


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", name).lower()


def finish(name):
    return name + "_" if name in KEYWORDS else name


def parameter(name):
    name = snake(name)
    fixed = name in FIXED_PARAMETERS or name.startswith(("ret_", "larder_"))
    return name + "_" if fixed else finish(name)


class Type:
    """kind is a scalar's name, or list, map, enum, struct."""

    def __init__(self, kind, item=None, decl=None, optional=False, max=0):
        self.kind, self.item, self.decl, self.optional, self.max = kind, item, decl, optional, max

    def required(self):
        return Type(self.kind, self.item, self.decl, False, self.max)

    def is_pointer(self):
        return self.kind in ("string", "struct")


class Decl:
    def __init__(self, name, c_name):
        self.name, self.c_name = name, c_name
        self.is_enum = False
        self.enumerators = []
        self.fields = []
        self.last = 0

    def by_position(self):
        return {field.id: field for field in self.fields}

    def constant(self, number):
        return f"{snake(self.c_name).upper()}_{snake(self.enumerators[number]).upper()}"

    def inner_structs(self):
        inner = []
        for field in self.fields:
            type = field.type
            while type.item:
                type = type.item
            if type.kind == "struct":
                inner.append(type.decl)
        return inner

    @functools.lru_cache(maxsize=None)
    def is_recursive(self):
        """Whether it contains itself."""
        seen, todo = set(), self.inner_structs()
        while todo:
            decl = todo.pop()
            if decl not in seen:
                seen.add(decl)
                todo += decl.inner_structs()
        return self in seen


class Field:
    def __init__(self, name, type, id, default, secret=False):
        self.name, self.type, self.id, self.secret = name, type, id, secret
        self.has_default, self.default = default is not None, default
        self.c_name = finish(snake(name))
        self.c_has = "has_" + snake(name) if type.optional and not type.is_pointer() else None


class Param:
    def __init__(self, name, type, hash):
        self.name, self.type, self.hash = name, type, hash
        self.c_name = parameter(name)


class Entity:
    """body: a Type; of `fields` a struct whose decl is the entity's own."""

    def __init__(self, name, x):
        self.name, self.x = name, x
        self.shape = "fields"
        self.body = None
        self.parts, self.params = [], []
        self.version, self.max_bytes, self.ttl_ms, self.jitter = 1, 0, None, 0.0
        self.codec, self.above = 0, 0  # as values have the codec: 1 zstd, 2 LZ4

    def puts(self):
        """Every parameter is a field of the same name and type."""
        return bool(self.params) and all(self.field_of(param) for param in self.params)

    def field_of(self, param):
        if self.shape != "fields":
            return None
        for i, field in enumerate(self.body.decl.fields):
            same = field.type.kind == param.type.kind and field.type.decl is param.type.decl
            if field.name == param.name and same and not field.type.optional:
                return (i, field)
        return None


class Event:
    def __init__(self, function, params, targets):
        self.function, self.params, self.targets = function, params, targets


class Schema:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        root = load(self.path)
        self.service = root["service"]
        self.stem = os.path.splitext(os.path.basename(path))[0]
        redis = root.get("redis") or {}
        self.db, self.prefix = int(redis.get("db", 0)), redis.get("prefix", "")
        self.ttls = {name: duration(text) for name, text in (root.get("ttl") or {}).items()}
        self.decls = {}
        self._read_types(all_types(self.path, root, set()))
        self.entities = [self._entity(name, body) for name, body in root["entities"].items()]
        self.events = [self._event(name, body) for name, body in (root.get("events") or {}).items()]

    def prefixed(self, name):
        name = snake(name)
        if name != self.service and not name.startswith(self.service + "_"):
            name = f"{self.service}_{name}"
        return finish(name)

    def _read_types(self, types):
        for name, body in types.items():
            decl = self.decls[name] = Decl(name, self.prefixed(name))
            decl.is_enum = "enum" in body
            decl.enumerators = body.get("enum", [])
        for name, body in types.items():
            if "fields" in body:
                self._fields(self.decls[name], body)

    def _fields(self, decl, body):
        reserved = {int(number) for number in body.get("reserved", [])}
        position = 0
        for name, spec in body["fields"].items():
            spec = spec if isinstance(spec, dict) else {"type": spec}
            type = self.use(spec)
            position += 1
            while position in reserved:
                position += 1
            position = int(spec.get("id", position))
            default = None
            if "default" in spec:
                default = self._default(type, spec["default"])
            decl.fields.append(Field(name, type, position, default, spec.get("secret") == "true"))
        decl.last = max(field.id for field in decl.fields)

    def _default(self, type, text):
        if type.kind == "bool":
            return text == "true"
        if type.kind == "duration":
            return duration(text)
        if type.kind in INTEGERS:
            return int(text)
        if type.kind in ("f32", "f64"):
            return float_bits(type.kind, float(text))
        if type.kind == "enum":
            return type.decl.enumerators.index(text)
        return text

    def use(self, spec):
        if not isinstance(spec, dict):
            return self.type(spec)
        type = self.type(spec["type"])
        type.max = size(spec["max"]) if "max" in spec else 0
        return type

    def type(self, text):
        tokens = re.findall(r"[A-Za-z0-9_]+|[<>?]|\[\]", text)
        type = self._type(tokens)
        assert not tokens, text
        return type

    def _type(self, tokens):
        name = tokens.pop(0)
        if name in ("list", "map"):
            assert tokens.pop(0) == "<"
            type = Type(name, item=self._type(tokens))
            assert tokens.pop(0) == ">"
        elif name in SCALARS:
            type = Type(name)
        else:
            decl = self.decls[name]
            type = Type("enum" if decl.is_enum else "struct", decl=decl)
        while tokens and tokens[0] in ("?", "[]"):
            if tokens.pop(0) == "?":
                type.optional = True
            else:
                type = Type("list", item=type)
        return type

    def _params(self, params):
        return [Param(name, self.type(type), False) for name, type in params.items()]

    def _entity(self, name, body):
        entity = Entity(name, self.prefixed(name))
        if "fields" in body:
            decl = Decl(name, entity.x)
            self._fields(decl, body)
            entity.body = Type("struct", decl=decl)
        elif "list" in body:
            entity.shape = "list"
            entity.body = Type("list", item=self.use(body["list"]))
        else:
            entity.body = self.use(body["value"])
            entity.shape = "list" if entity.body.kind == "list" else "value"
        self._pattern(entity, body["key"])
        entity.version = int(body.get("version", 1))
        entity.max_bytes = size(body.get("max_bytes", "0"))
        compress = body.get("compress", {"codec": "none"})
        entity.codec = ("none", "zstd", "lz4").index(compress["codec"])
        entity.above = size(compress.get("above", "1KiB"))
        ttl = body.get("ttl", "default")
        entity.ttl_ms = None if ttl == "none" else self.ttls[ttl] if ttl in self.ttls else lifetime(ttl)
        entity.jitter = float(body.get("jitter", "0%").rstrip("%")) / 100
        return entity

    def _pattern(self, entity, pattern):
        """parts: literal texts and Params, in order."""
        at = 0
        pieces = re.finditer(r"\{\{([^{}]+)\}\}|\{([^{}]+)\}", pattern)
        for piece in pieces:
            tag, plain = piece.groups()
            literal = pattern[at : piece.start()] + ("{" if tag else "")
            entity.parts.append(literal)
            name, _, rest = (tag or plain).partition(":")
            hash = (tag or plain).endswith("|hash")
            name, rest = name.partition("|")[0], rest.partition("|")[0]
            param = Param(name, self.type(rest or "string"), hash)
            entity.params.append(param)
            entity.parts.append(param)
            if tag:
                entity.parts.append("}")
            at = piece.end()
        entity.parts.append(pattern[at:])

    def _event(self, name, body):
        params = self._params(body.get("params") or {})
        targets = []
        for text in body["invalidate"]:
            target, _, arguments = text.rstrip(") ").partition("(")
            entity = next(entity for entity in self.entities if entity.name == target.strip())
            names = [argument.strip() for argument in arguments.split(",") if argument.strip()]
            indexes = [next(i for i, p in enumerate(params) if p.name == argument) for argument in names]
            targets.append((entity, indexes))
        return Event(f"{self.service}_cache_on_{snake(name)}", params, targets)


def load(path):
    with open(path, encoding="utf-8") as file:
        # libyaml: the parser in Python stumbles over `{ type: string? }`.
        return yaml.load(file, Loader=yaml.CBaseLoader)


def all_types(path, root, seen):
    types = {}
    for name in root.get("include", []):
        other = os.path.normpath(os.path.join(os.path.dirname(path), name))
        if other not in seen:
            seen.add(other)
            types.update(all_types(other, load(other), seen))
    types.update(root.get("types") or {})
    return types


def duration(text):
    if text == "0":
        return 0
    number, unit = re.fullmatch(r"(-?\d+)(ms|s|m|h|d)", text).groups()
    return int(number) * {"ms": 1, "s": 1000, "m": 60000, "h": 3600000, "d": 86400000}[unit]


def lifetime(text):
    """"default" where the schema gives none: whatever the library has."""
    return -1 if text == "default" else duration(text)


def size(text):
    number, unit = re.fullmatch(r"(\d+)(|B|KiB|MiB|GiB)", text).groups()
    return int(number) * {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]


def float_bits(kind, value):
    as_float, as_bits = (">f", ">I") if kind == "f32" else (">d", ">Q")
    return struct.unpack(as_bits, struct.pack(as_float, value))[0]


def float_value(kind, bits):
    as_float, as_bits = (">f", ">I") if kind == "f32" else (">d", ">Q")
    return struct.unpack(as_float, struct.pack(as_bits, bits))[0]
