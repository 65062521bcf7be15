# SPDX-License-Identifier: MIT
"""Writes the C program that holds a generated cache against known values.

It is C11 and C++17 at once: no designators, no compound literals. Values stand
in it as static data. What types and functions are called is worked out anew from
the schema; the names of nested lists and maps, which no page gives, are as
generated headers have them.
"""

from oracle_schema import INTEGERS, float_value
from oracle_values import Filled, FilledText
from oracle_wire import to_bytes

C_INTEGERS = {"timestamp": "int64_t", "duration": "int64_t"}
C_INTEGERS.update({kind: f"{'u' if kind[0] == 'u' else ''}int{kind[1:]}_t" for kind in INTEGERS if kind[1:].isdigit()})
C_SCALARS = {"bool": "bool", "f32": "float", "f64": "double", "string": "const char *", "uuid": "struct larder_uuid"}
C_SCALARS.update({"bytes": "struct larder_bytes", "any": "struct larder_bytes"}, **C_INTEGERS)
LISTS = {"timestamp": "i64", "duration": "i64", "any": "bytes"}

HEAD = r"""
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WANT(call, status) want((call), (status), __LINE__, here)
#define TRUE(what) is_true((what), __LINE__, here, #what)

static int failures;
static const char *here = "";
static size_t round_of; /* which value */
static bool quiet;      /* that a value differs is no failure */

static void report(int line, const char *where, const char *what)
{
    if (++failures < 20) {
        fprintf(stderr, "line %d: %s %lu: %s; %s\n", line, where, (unsigned long)round_of, what, larder_last_error());
    }
}

static void want(enum larder_status got, enum larder_status wanted, int line, const char *where)
{
    if (got != wanted) {
        char text[200];
        snprintf(text, sizeof text, "%s, not %s", larder_status_name(got), larder_status_name(wanted));
        report(line, where, text);
    }
}

static void is_true(bool got, int line, const char *where, const char *what)
{
    if (!got) {
        report(line, where, what);
    }
}

static bool differ(const char *what)
{
    if (failures < 20 && !quiet) {
        fprintf(stderr, "differs: %s\n", what);
    }
    return false;
}
"""

HELPERS = {
    "text": """
static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
""",
    "bytes": """
static bool same_bytes(struct larder_bytes a, struct larder_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}
""",
    "uuid": """
static bool same_uuid(struct larder_uuid a, struct larder_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
""",
    "f32": """
static bool same_f32(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}
""",
    "f64": """
static bool same_f64(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}
""",
}
HELPER_OF = {"string": "text", "bytes": "bytes", "any": "bytes", "uuid": "uuid", "f32": "f32", "f64": "f64"}


def chars(raw):
    """A string literal; every byte that is not plain in octal."""
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ .,:;/-+()"
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in raw) + '"'


class Program:
    def __init__(self, schema):
        self.schema = schema
        self.data = []  # definitions of static data, each after what it points to
        self.fills = []  # statements for what is too long for a literal
        self.same = {}  # name of a comparing function -> its text
        self.heads = []
        self.used = set()
        self.number = 0
        self.junked = 0

    # ------------------------------------------------------------------ names

    def ctype(self, type, owner, path):
        """What a variable of the type is declared with, without the name."""
        if type.kind in C_SCALARS:
            return C_SCALARS[type.kind]
        if type.kind == "enum":
            return f"enum {type.decl.c_name}"
        if type.kind == "struct":
            return f"const struct {type.decl.c_name} *" if type.optional else f"struct {type.decl.c_name}"
        if type.kind == "map":
            return f"struct {owner}_{path}_map"
        item = type.item
        if item.kind in C_SCALARS:
            return f"struct larder_{LISTS.get(item.kind, item.kind)}_list"
        if item.decl and not item.optional:
            return f"struct {item.decl.c_name}_list"
        return f"struct {owner}_{path}_list"

    @staticmethod
    def inner(type, path):
        return path + ("_value" if type.kind == "map" else "_item")

    def constant(self, c_type, initializer, array=False):
        """A static constant; its name."""
        self.number += 1
        space = "" if c_type.endswith("*") else " "
        const = f"{c_type}const " if c_type.endswith("*") else f"const {c_type}{space}"
        name = f"v{self.number}"
        self.data.append(f"static {const}{name}{'[]' if array else ''} = {initializer};\n")
        return name

    # ----------------------------------------------------------------- values

    def text(self, value):
        raw = to_bytes(value)
        if isinstance(value, FilledText):
            self.number += 1
            name = f"v{self.number}"
            self.data.append(f"static char {name}[{len(raw) + 1}];\n")
            self.fills.append(
                f"    for (size_t i = 0; i < {len(raw)}; i++) {{\n"
                f"        {name}[i] = \"abcdefghijklmnopqrstuvwxyz\"[i * 7 % 26];\n    }}\n"
            )
            return name
        if len(raw) < 500:
            return chars(raw)
        letters = ", ".join(f"'\\{b:03o}'" for b in raw + b"\0")
        return self.constant("char", "{" + letters + "}", True)

    def bytes(self, value):
        if not value:
            return "{NULL, 0}"
        if isinstance(value, Filled):
            self.number += 1
            name = f"v{self.number}"
            self.data.append(f"static unsigned char {name}[{len(value)}];\n")
            self.fills.append(
                f"    for (size_t i = 0; i < {len(value)}; i++) {{\n"
                f"        {name}[i] = (unsigned char)(i * 7 + (i >> 8));\n    }}\n"
            )
            return f"{{{name}, {len(value)}}}"
        name = self.constant("unsigned char", "{" + ", ".join(str(b) for b in value) + "}", True)
        return f"{{{name}, {len(value)}}}"

    def scalar(self, type, value):
        """An initializer for what is not in another container."""
        kind = type.kind
        if kind == "string":
            return "NULL" if value is None else self.text(value)
        if kind in ("bytes", "any"):
            return self.bytes(value)
        if kind == "bool":
            return "true" if value else "false"
        if kind == "enum":
            if value >= len(type.decl.enumerators):
                return f"(enum {type.decl.c_name}){value}"
            return type.decl.constant(value)
        if kind == "uuid":
            return "{{" + ", ".join(f"0x{b:02x}" for b in value) + "}}"
        if kind in ("f32", "f64"):
            return floating(kind, value)
        return integer(kind, value)

    def value(self, type, value, owner, path):
        kind = type.kind
        if kind in C_SCALARS or kind == "enum":
            return self.scalar(type, value)
        if kind == "struct":
            if not type.optional:
                return self.struct(type.decl, value)
            if value is None:
                return "NULL"
            return "&" + self.constant(f"struct {type.decl.c_name}", self.struct(type.decl, value))
        if not value:
            return "{NULL, 0}"
        inner = self.inner(type, path)
        items = [self.value(type.item, v[1] if kind == "map" else v, owner, inner) for v in value]
        if kind == "map":
            keys = ["NULL" if k is None else self.text(k) for k, _ in value]
            items = [f"{{{key}, {item}}}" for key, item in zip(keys, items)]
            c_type = f"struct {owner}_{path}_entry"
        else:
            c_type = self.ctype(type.item, owner, inner)
        name = self.constant(c_type, "{" + ", ".join(items) + "}", True)
        return f"{{{name}, {len(value)}}}"

    def struct(self, decl, value):
        items = []
        for field, item in zip(decl.fields, value):
            if field.c_has:
                items.append("true" if item is not None else "false")
            if field.c_has and item is None:
                items.append(self.junk(field.type))
            else:
                items.append(self.value(field.type, item, decl.c_name, field.name))
        return "{" + ", ".join(items) + "}"

    def junk(self, type):
        """What stands where nothing is: to be ignored. Another each time."""
        self.junked = self.junked % 100 + 1
        if type.kind in ("list", "map", "bytes", "any"):
            return f"{{NULL, {self.junked}}}"
        if type.kind == "enum":
            return type.decl.constant(self.junked % len(type.decl.enumerators))
        others = {"bool": self.junked % 2, "uuid": bytes([self.junked]) * 16}
        others.update({"f32": 0x3F800000 + self.junked, "f64": (1 << 62) + self.junked})
        return self.scalar(type, others.get(type.kind, self.junked))

    def entity_value(self, entity, value):
        if entity.shape == "fields":
            return self.struct(entity.body.decl, value)
        path = "items" if entity.shape == "list" else "value"
        whole = self.value(entity.body, value, entity.x, path)
        return whole if entity.shape == "list" else f"{{{whole}}}"

    def argument(self, param, value):
        return self.scalar(param.type, value)

    # -------------------------------------------------------------- comparing

    def differs(self, type, a, b, owner, path):
        """An expression that is true where a and b are not the same."""
        kind = type.kind
        if kind in HELPER_OF:
            self.used.add(HELPER_OF[kind])
            return f"!same_{HELPER_OF[kind]}({a}, {b})"
        if kind in C_SCALARS or kind == "enum":
            return f"{a} != {b}"
        if kind == "struct":
            function = self.same_struct(type.decl)
            if type.optional:
                return f"(({a} == NULL) != ({b} == NULL) || ({a} != NULL && !{function}({a}, {b})))"
            return f"!{function}(&{a}, &{b})"
        return f"!{self.same_container(type, owner, path)}(&{a}, &{b})"

    def function(self, c_type, body):
        name = "same_" + c_type.replace("struct ", "s_")
        if name not in self.same:
            self.same[name] = ""
            head = f"static bool {name}(const {c_type} *a, const {c_type} *b)"
            self.heads.append(head + ";\n")
            self.same[name] = f"\n{head}\n{{\n{body()}    return true;\n}}\n"
        return name

    def same_struct(self, decl):
        def body():
            lines = []
            for field in decl.fields:
                name = field.c_name
                test = self.differs(field.type, f"a->{name}", f"b->{name}", decl.c_name, field.name)
                if field.c_has:
                    test = f"a->{field.c_has} != b->{field.c_has} || (a->{field.c_has} && ({test}))"
                lines.append(f'    if ({test}) {{\n        return differ("{decl.c_name}.{name}");\n    }}\n')
            return "".join(lines)

        return self.function(f"struct {decl.c_name}", body)

    def same_container(self, type, owner, path):
        def body():
            return self.same_items(type, owner, path)

        return self.function(self.ctype(type, owner, path), body)

    def same_items(self, type, owner, path):
        """b is what was read: without items it has no array."""
        items = "entries" if type.kind == "map" else "items"
        member = ".value" if type.kind == "map" else ""
        tests = []
        if type.kind == "map":
            self.used.add("text")
            tests.append("!same_text(a->entries[i].key, b->entries[i].key)")
        tests.append(
            self.differs(type.item, f"a->{items}[i]{member}", f"b->{items}[i]{member}", owner, self.inner(type, path))
        )
        return (
            f'    if (a->count != b->count || (b->count == 0 && b->{items} != NULL)) {{\n'
            f'        return differ("{owner}.{path}: count");\n    }}\n'
            f"    for (size_t i = 0; i < a->count; i++) {{\n        if ({' || '.join(tests)}) {{\n"
            f'            return differ("{owner}.{path}: an item");\n        }}\n    }}\n'
        )

    def same_entity(self, entity):
        def body():
            if entity.shape == "list":
                return self.same_items(entity.body, entity.x, "items")
            test = self.differs(entity.body, "a->value", "b->value", entity.x, "value")
            return f'    if ({test}) {{\n        return differ("{entity.x}.value");\n    }}\n'

        if entity.shape == "fields":
            return self.same_struct(entity.body.decl)
        return self.function(f"struct {entity.x}", body)

    # --------------------------------------------------------------- entities

    def keys(self, entity, name, rows):
        items = [", ".join(self.argument(p, a) for p, a in zip(entity.params, row)) for row in rows]
        body = ",\n    ".join("{" + item + "}" for item in items)
        self.data.append(f"static const struct {entity.x}_key {name}[] = {{\n    {body}}};\n")

    def values(self, entity, name, values):
        body = ",\n    ".join(self.entity_value(entity, value) for value in values)
        self.data.append(f"static const struct {entity.x} {name}[] = {{\n    {body}}};\n")

    def args(self, entity, keys, index="i"):
        return "".join(f", {keys}[{index}].{param.c_name}" for param in entity.params)

    def entity_test(self, case):
        """The functions test_X, store_X and read_X."""
        entity, x, service = case.entity, case.entity.x, self.schema.service
        keyed = bool(entity.params)
        same = self.same_entity(entity)
        if keyed:
            self.keys(entity, f"keys_{x}", case.keys + ([case.absent, case.keys[0]] if case.absent else []))
        self.values(entity, f"values_{x}", case.values)
        texts = ", ".join(chars(text.encode()) for text in case.texts)
        self.data.append(f"static const char *const texts_{x}[] = {{{texts}}};\n")
        if case.twins:
            self.values(entity, f"twins_{x}", case.twins)
        if case.strangers:
            self.values(entity, f"strangers_{x}", [value for _, value in case.strangers])
            numbers = ", ".join(str(i) for i, _ in case.strangers)
            self.data.append(f"static const size_t strange_to_{x}[] = {{{numbers}}};\n")
        if case.bad:
            self.bad_values(case)
        text = ENTITY + (MISFITS if case.bad else "") + (PUT if entity.puts() else "")
        text += (MANY if case.absent else "") + LOAD
        text += (TWINS if case.twins else "") + (STRANGERS if case.strangers else "") + DONE
        ttl = f"left > 0 && left <= {entity.ttl_ms}" if (entity.ttl_ms or 0) > 0 else "left == -1" if entity.ttl_ms is None else "left > 0"
        params = "".join(f", {self.declared(p.type)}p{i}" for i, p in enumerate(entity.params))
        agree = "".join(
            f"    TRUE(!({self.differs(p.type, f'keys_{x}[round_of].{p.c_name}', f'p{i}', '', '')}));\n"
            for i, p in enumerate(entity.params)
        )
        return substitute(
            text,
            X=x,
            S=service,
            N=str(len(case.values)),
            BAD=str(len(case.bad)),
            ARGS=self.args(entity, f"keys_{x}"),
            BADARGS=self.args(entity, f"bad_keys_{x}"),
            SAME=same,
            TTL=ttl,
            PARAMS=params,
            AGREE=agree,
            DEFAULTS=self.defaults(entity),
        )

    def bad_values(self, case):
        entity, x = case.entity, case.entity.x
        if entity.params:
            self.keys(entity, f"bad_keys_{x}", [case.keys[i] for i, _, _ in case.bad])
        self.values(entity, f"bad_{x}", [value for _, value, _ in case.bad])
        statuses = ", ".join(status for _, _, status in case.bad)
        self.data.append(f"static const enum larder_status bad_status_{x}[] = {{{statuses}}};\n")

    def declared(self, type):
        c_type = self.ctype(type, "", "")
        return c_type if c_type.endswith("*") else c_type + " "

    def defaults(self, entity):
        """What a loader finds in its output."""
        if entity.shape == "list":
            return "    TRUE(out->items == NULL && out->count == 0);\n"
        if entity.shape == "value":
            return self.found(entity.body, "out->value", None)
        return "".join(self.found_field(field, "out->") for field in entity.body.decl.fields)

    def found_field(self, field, base):
        text = f"    TRUE(!{base}{field.c_has});\n" if field.c_has else ""
        return text + self.found(field.type, base + field.c_name, field.default)

    def found(self, type, place, default):
        kind = type.kind
        if kind == "struct" and not type.optional:
            return "".join(self.found_field(field, place + ".") for field in type.decl.fields)
        if kind == "struct" or (kind == "string" and default is None):
            return f"    TRUE({place} == NULL);\n"
        if kind in ("list", "map"):
            return f"    TRUE({place}.count == 0);\n"
        if kind in ("bytes", "any"):
            return f"    TRUE({place}.len == 0);\n"
        if kind == "uuid":
            return f"    TRUE({place}.bytes[0] == 0 && {place}.bytes[15] == 0);\n"
        wanted = self.scalar(type, default if default is not None else 0)
        if kind in HELPER_OF:
            self.used.add(HELPER_OF[kind])
            return f"    TRUE(same_{HELPER_OF[kind]}({place}, {wanted}));\n"
        return f"    TRUE({place} == {wanted});\n"

    # ----------------------------------------------------------------- events

    def event_test(self, number, event, arguments, targets):
        """targets: (entity, its arguments, a value for it, a bystander's index or None)."""
        service = self.schema.service
        lines = [f"\nstatic void event_{number}(struct {service}_cache *cache)\n{{\n    here = \"{event.function}\";\n"]
        calls = []
        for i, (entity, given, value) in enumerate(targets):
            name = f"event_{number}_{i}"
            self.values(entity, f"value_{name}", [value])
            if entity.params:
                self.keys(entity, f"key_{name}", [given])
            calls.append((entity, self.args(entity, f"key_{name}", "0"), f"value_{name}"))
        literals = ""
        for param, argument in zip(event.params, arguments):
            if param.type.kind == "uuid":
                literals += ", " + self.constant("struct larder_uuid", self.scalar(param.type, argument))
            else:
                literals += ", " + self.scalar(param.type, argument)
        for entity, given, value in calls:
            lines.append(f"    WANT({entity.x}_cache_set(cache{given}, {value}), LARDER_OK);\n")
        for entity, given, _ in calls:
            lines.append(f"    WANT({entity.x}_cache_exists(cache{given}), LARDER_OK);\n")
        lines.append(f"    WANT({event.function}(cache{literals}), LARDER_OK);\n")
        for entity, given, _ in calls:
            lines.append(f"    WANT({entity.x}_cache_exists(cache{given}), LARDER_MISS);\n")
        lines.append(f"    WANT({event.function}(cache{literals}), LARDER_OK);\n}}\n")
        return "".join(lines)

    # ------------------------------------------------------------------ whole

    def whole(self, cases, events):
        service = self.schema.service
        functions = "".join(self.entity_test(case) for case in cases)
        functions += "".join(self.event_test(i, *event) for i, event in enumerate(events))
        xs = [case.entity.x for case in cases]
        main = substitute(
            MAIN,
            S=service,
            TESTS="".join(f"        test_{x}(cache);\n" for x in xs)
            + "".join(f"        event_{i}(cache);\n" for i in range(len(events))),
            STORES="".join(f"        store_{x}(cache);\n" for x in xs),
            PRINTS="".join(f"        print_{x}();\n" for x in xs),
            READS=", ".join(f"read_{x}" for x in xs),
        )
        return (
            f'#include "{self.schema.stem}_cache.h"\n'
            + HEAD
            + "".join(HELPERS[name] for name in HELPERS if name in self.used)
            + "\n"
            + "".join(self.heads)
            + "".join(self.same.values())
            + "\n"
            + "".join(self.data)
            + "\nstatic void fill(void)\n{\n"
            + "".join(self.fills)
            + "}\n"
            + functions
            + main
        )


def substitute(text, **names):
    for name, value in names.items():
        text = text.replace(f"@{name}@", value)
    return text


def integer(kind, value):
    if value == -(2**63):
        return "INT64_MIN"
    if kind == "u64":
        return f"UINT64_C({value})"
    if kind in ("i64", "timestamp", "duration"):
        return f"INT64_C({value})"
    if kind == "i32" and value == -(2**31):
        return "INT32_MIN"
    return f"{value}U" if kind[0] == "u" else str(value)


def floating(kind, bits):
    value = float_value(kind, bits)
    suffix, cast = ("f", "(float)") if kind == "f32" else ("", "(double)")
    if value != value:
        return f"{cast}NAN"
    if value in (float("inf"), float("-inf")):
        return f"{'-' if value < 0 else ''}{cast}INFINITY"
    return value.hex() + suffix


ENTITY = r"""
/* -------------------------------------------------------------- @X@ */

static void store_@X@(struct @S@_cache *cache)
{
    here = "@X@, stored";
    for (size_t i = 0; i < @N@; i++) {
        round_of = i;
        WANT(@X@_cache_set(cache@ARGS@, &values_@X@[i]), LARDER_OK);
    }
}

/* Reads, stores what was read, and says how both went and whether it was the i-th value. */
static void read_@X@(struct @S@_cache *cache, size_t i)
{
    const struct @X@ *got;
    enum larder_status status = @X@_cache_get(cache@ARGS@, &got);
    enum larder_status again = LARDER_OK;
    bool same = got != NULL && @SAME@(&values_@X@[i], got);
    if (got != NULL) {
        again = @X@_cache_set(cache@ARGS@, got);
    }
    @X@_release(got);
    printf("%s %s %s\n", larder_status_name(status), larder_status_name(again), same ? "same" : "other");
    (void)i;
}

/* Each value a line. */
static void print_@X@(void)
{
    here = "@X@, printed";
    for (size_t i = 0; i < @N@; i++) {
        size_t len = 0;
        round_of = i;
        WANT(@X@_to_json(&values_@X@[i], NULL, 0, &len), LARDER_E_TOO_LARGE);
        char *text = (char *)malloc(len + 1);
        /* All sizes that are too small where they are few, else the largest. */
        for (size_t size = len < 700 ? 0 : len - 2; text != NULL && size <= len; size++) {
            size_t again = 0;
            char *room = (char *)malloc(size + 1);
            WANT(@X@_to_json(&values_@X@[i], room, size, &again), LARDER_E_TOO_LARGE);
            TRUE(again == len && (size == 0 || room[0] == 0));
            free(room);
        }
        WANT(@X@_to_json(&values_@X@[i], text, len + 1, &len), LARDER_OK);
        TRUE(text != NULL && strlen(text) == len);
        puts(text != NULL ? text : "");
        free(text);
    }
}

static enum larder_status load_@X@(struct larder_load *load, void *user@PARAMS@, struct @X@ *out)
{
@AGREE@@DEFAULTS@    (void)load;
    *out = *(const struct @X@ *)user;
    return LARDER_OK;
}

static void test_@X@(struct @S@_cache *cache)
{
    const struct @X@ *got;
    here = "@X@";
    for (size_t i = 0; i < @N@; i++) {
        char text[1100];
        size_t len = 0;
        int64_t left = 0;
        size_t wanted = strlen(texts_@X@[i]);
        round_of = i;
        WANT(@X@_cache_key(cache@ARGS@, text, sizeof text, &len), LARDER_OK);
        TRUE(len == wanted && strcmp(text, texts_@X@[i]) == 0);
        text[0] = '!';
        WANT(@X@_cache_key(cache@ARGS@, text, wanted, &len), LARDER_E_TOO_LARGE);
        TRUE(len == wanted && text[0] == '!');
        WANT(@X@_cache_key(cache@ARGS@, text, wanted + 1, &len), LARDER_OK);
        TRUE(len == wanted && strcmp(text, texts_@X@[i]) == 0);

        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_MISS);
        TRUE(got == NULL);
        WANT(@X@_cache_exists(cache@ARGS@), LARDER_MISS);
        WANT(@X@_cache_delete(cache@ARGS@), LARDER_MISS);
        WANT(@X@_cache_replace(cache@ARGS@, &values_@X@[i]), LARDER_MISS);
        WANT(@X@_cache_touch(cache@ARGS@), LARDER_MISS);
        WANT(@X@_cache_set(cache@ARGS@, &values_@X@[i]), LARDER_OK);
        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_OK);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        @X@_release(got);
        WANT(@X@_cache_ttl(cache@ARGS@, &left), LARDER_OK);
        TRUE(@TTL@);
        WANT(@X@_cache_add(cache@ARGS@, &values_@X@[i]), LARDER_DENIED);
        WANT(@X@_cache_replace(cache@ARGS@, &values_@X@[i]), LARDER_OK);
        WANT(@X@_cache_set_ttl(cache@ARGS@, &values_@X@[i], 90000), LARDER_OK);
        WANT(@X@_cache_ttl(cache@ARGS@, &left), LARDER_OK);
        TRUE(left > 80000 && left <= 90000);
        WANT(@X@_cache_expire(cache@ARGS@, 50000), LARDER_OK);
        WANT(@X@_cache_ttl(cache@ARGS@, &left), LARDER_OK);
        TRUE(left > 40000 && left <= 50000);
        WANT(@X@_cache_touch(cache@ARGS@), LARDER_OK);
        WANT(@X@_cache_ttl(cache@ARGS@, &left), LARDER_OK);
        TRUE(@TTL@);
        WANT(@X@_cache_exists(cache@ARGS@), LARDER_OK);
        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_OK);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        WANT(@X@_cache_delete(cache@ARGS@), LARDER_OK);
        WANT(@X@_cache_set(cache@ARGS@, got), LARDER_OK);
        @X@_release(got);
        WANT(@X@_cache_delete(cache@ARGS@), LARDER_OK);
        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_MISS);
        TRUE(got == NULL);
    }
"""

MISFITS = r"""
    here = "@X@, misfits";
    for (size_t i = 0; i < @BAD@; i++) {
        round_of = i;
        WANT(@X@_cache_set(cache@BADARGS@, &bad_@X@[i]), bad_status_@X@[i]);
        WANT(@X@_cache_get(cache@BADARGS@, &got), bad_status_@X@[i] == LARDER_OK ? LARDER_OK : LARDER_MISS);
        if (got != NULL) {
            TRUE(@SAME@(&bad_@X@[i], got));
        }
        @X@_release(got);
        WANT(@X@_cache_delete(cache@BADARGS@), bad_status_@X@[i] == LARDER_OK ? LARDER_OK : LARDER_MISS);
        WANT(@X@_clone(&bad_@X@[i], &got), bad_status_@X@[i]);
        TRUE((got != NULL) == (bad_status_@X@[i] == LARDER_OK));
        TRUE(got == NULL || (@SAME@(&bad_@X@[i], got) && @X@_equal(&bad_@X@[i], got)));
        @X@_release(got);
    }
"""

TWINS = r"""
    here = "@X@, cloned";
    for (size_t i = 0; i < @N@; i++) {
        const struct @X@ *clone;
        round_of = i;
        WANT(@X@_clone(&values_@X@[i], &clone), LARDER_OK);
        TRUE(clone != NULL && @SAME@(&values_@X@[i], clone));
        WANT(@X@_clone(clone, &got), LARDER_OK);
        @X@_release(clone);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        TRUE(@X@_equal(&values_@X@[i], got) && @X@_equal(got, &values_@X@[i]));
        TRUE(@X@_equal(got, &twins_@X@[i]) && @X@_equal(&twins_@X@[i], got));
        TRUE(!@X@_equal(got, NULL) && !@X@_equal(NULL, got) && @X@_equal(NULL, NULL));
        @X@_release(got);
    }
"""

STRANGERS = r"""
    here = "@X@, strangers";
    for (size_t i = 0; i < COUNT(strangers_@X@); i++) {
        round_of = i;
        TRUE(!@X@_equal(&values_@X@[strange_to_@X@[i]], &strangers_@X@[i]));
        TRUE(!@X@_equal(&strangers_@X@[i], &values_@X@[strange_to_@X@[i]]));
        TRUE(@X@_equal(&strangers_@X@[i], &strangers_@X@[i]));
    }
"""

PUT = r"""
    here = "@X@, put";
    for (size_t i = 0; i < @N@; i++) {
        round_of = i;
        WANT(@X@_cache_put(cache, &values_@X@[i]), LARDER_OK);
        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_OK);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        @X@_release(got);
        WANT(@X@_cache_set(cache@ARGS@, &values_@X@[(i + 1) % @N@]), @N@ == 1 ? LARDER_OK : LARDER_E_ARG);
        WANT(@X@_cache_delete(cache@ARGS@), LARDER_OK);
    }
"""

MANY = r"""
    {
        const struct @X@ *many[@N@ + 2];
        enum larder_status each[@N@ + 2];
        here = "@X@, many";
        round_of = 0;
        WANT(@X@_cache_set_many(cache, keys_@X@, @N@, values_@X@, each), LARDER_OK);
        for (size_t i = 0; i < @N@; i++) {
            round_of = i;
            WANT(each[i], LARDER_OK);
        }
        WANT(@X@_cache_get_many(cache, keys_@X@, @N@ + 2, many, each), LARDER_OK);
        for (size_t i = 0; i < @N@ + 2; i++) {
            round_of = i;
            WANT(each[i], i == @N@ ? LARDER_MISS : LARDER_OK);
            TRUE((many[i] != NULL) == (i != @N@));
            if (many[i] != NULL) {
                TRUE(@SAME@(&values_@X@[i > @N@ ? 0 : i], many[i]));
            }
        }
        @X@_release_many(many, @N@ + 2);
        for (size_t i = 0; i < @N@ + 2; i++) {
            TRUE(many[i] == NULL);
        }
        WANT(@X@_cache_delete_many(cache, keys_@X@, @N@ + 1, each), LARDER_OK);
        for (size_t i = 0; i < @N@ + 1; i++) {
            round_of = i;
            WANT(each[i], i == @N@ ? LARDER_MISS : LARDER_OK);
        }
        WANT(@X@_cache_get_many(cache, keys_@X@, @N@, many, each), LARDER_OK);
        for (size_t i = 0; i < @N@; i++) {
            TRUE(many[i] == NULL && each[i] == LARDER_MISS);
        }
    }
"""

LOAD = r"""
    here = "@X@, loaded";
    for (size_t i = 0; i < @N@; i++) {
        struct @X@ copy = values_@X@[i];
        round_of = i;
        WANT(@X@_cache_get_or_load(cache@ARGS@, load_@X@, &copy, &got), LARDER_OK);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        @X@_release(got);
        WANT(@X@_cache_get(cache@ARGS@, &got), LARDER_OK);
        TRUE(got != NULL && @SAME@(&values_@X@[i], got));
        @X@_release(got);
        WANT(@X@_cache_delete(cache@ARGS@), LARDER_OK);
    }
"""

DONE = "}\n"

MAIN = r"""
/* -------------------------------------------------------------- main */

typedef void read_fn(struct @S@_cache *cache, size_t i);
static read_fn *const reads[] = {@READS@};

/* What was read so far. */
static void count(struct @S@_cache *cache)
{
    struct @S@_cache_counters seen;
    WANT(@S@_cache_stats(cache, &seen), LARDER_OK);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", seen.total.hits, seen.total.misses,
           seen.total.decode_errors, seen.total.errors);
}

/* Lines of two numbers, an entity's and a value's, or `count`; an answer a line. */
static void serve(struct @S@_cache *cache)
{
    char line[100];
    quiet = true;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest;
        if (line[0] == 'c') {
            count(cache);
            fflush(stdout);
            continue;
        }
        unsigned long entity = strtoul(line, &rest, 10);
        unsigned long value = strtoul(rest, NULL, 10);
        if (entity < COUNT(reads)) {
            reads[entity](cache, value);
        }
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    struct @S@_cache *cache = NULL;
    const char *verb = argc > 1 ? argv[1] : "";
    here = "open";
    fill();
    WANT(@S@_cache_open(NULL, &cache), LARDER_OK);
    WANT(@S@_cache_ping(cache), LARDER_OK);
    if (strcmp(verb, "test") == 0) {
@TESTS@    } else if (strcmp(verb, "store") == 0) {
@STORES@    } else if (strcmp(verb, "json") == 0) {
@PRINTS@    } else if (strcmp(verb, "serve") == 0) {
        serve(cache);
    }
    @S@_cache_close(cache);
    if (failures != 0) {
        fprintf(stderr, "%d failures\n", failures);
    }
    return failures == 0 ? 0 : 1;
}
"""
