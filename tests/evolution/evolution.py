#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What old and new binaries make of each other's entries, tabled in docs/evolution.md.

    evolution.py --larder PROGRAM --library FILE [--write]

All of changes.py in two schemas, before and after; both generated, compiled and
linked into a program each. What one stores in a redis-server the other reads
and stores again; what it saw is read from that by tests/interop/wire.py, under the
schema of who saw it. The table made of it must be the one in the page (--write
puts it there), each verdict must follow from what was seen, and `larder diff`
must say of the two schemas what was seen (predicted.py).
"""

import difflib
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "interop"))

import vectors  # noqa: E402 first: it knows where tests/property is
import interop  # noqa: E402
import predicted  # noqa: E402
import roundtrip  # noqa: E402
import wire  # noqa: E402
from changes import CHANGES, KINDS  # noqa: E402
from oracle_schema import Schema  # noqa: E402
from redis_by_hand import Server  # noqa: E402
from roundtrip import wrong  # noqa: E402

PAGE = os.path.join(vectors.ROOT, "docs", "evolution.md")
BEGIN, END = "<!-- table: made by tests/evolution/evolution.py --write -->", "<!-- end of the table -->"
SAME, GAINED, LOST, MISS, WRONG = "same", "gained", "lost", "miss", "wrong"


def slug(change):
    return re.sub(r"[^a-z0-9]+", "_", change.title.lower()).strip("_")


def write_schema(folder, version):
    lines = ["larder: 1", "service: shop", "allow: [unreached-list]", "ttl: { default: 1h }"]
    types = [getattr(change, version + "_type") for change in CHANGES]
    lines += ["types:"] + ["  " + line for line in types if line] + ["entities:"]
    for change in CHANGES:
        name = slug(change) + ("_renamed" if version == "new" and change.new_name else "")
        key = getattr(change, version + "_key")
        lines += [f"  {name}:", f'    key: "{slug(change)}:{key}"', "    ttl_only: true" * ("list" in getattr(change, version))]
        lines += ["    " + getattr(change, version)]
    path = os.path.join(folder, f"{version}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(line for line in lines if line.strip()) + "\n")
    return path


def arguments(entity, i):
    """What the i-th entry is asked for by."""
    return [str(i) if entity.params[0].type.kind == "string" else i]


class Version:
    """One of the two programs; entities and cases in the order of CHANGES."""

    def __init__(self, name, folder, options):
        self.name = name
        self.folder = os.path.join(folder, name)
        os.mkdir(self.folder)
        self.path = write_schema(self.folder, name)
        self.schema = Schema(self.path)
        self.cases = []
        for change, entity in zip(CHANGES, self.schema.entities):
            case = roundtrip.Case(entity)
            entries = getattr(change, name + "_entries")
            for i in range(max(len(change.old_entries), len(change.new_entries))):
                case.keys.append(arguments(entity, i))
                case.values.append(vectors.from_json(entity.body, entries[min(i, len(entries) - 1)].value))
                case.texts.append(wire.key_of(entity, case.keys[-1]))
            self.cases.append(case)
        self.program = interop.make_program(self.schema, self.cases, options, self.folder)
        self.child = None

    def start(self, server):
        self.child = interop.Child(self.schema, self.cases, self.program, server)

    def store(self, server):
        self.child.redis.run("FLUSHALL")
        status, output = roundtrip.run([self.program, "store"], env=roundtrip.environment(self.schema, "redis", server), timeout=60)
        if status != 0 or output:
            wrong(f"{self.name}, store", f"exit {status}\n{output}")

    def sees(self, number, i):
        """What is stored as the i-th entry, as JSON; a miss is MISS."""
        entity = self.schema.entities[number]
        key = wire.key_of(entity, arguments(entity, i))
        answer = self.child.ask(f"{number} {i}")
        if answer[0] == "LARDER_MISS":
            return MISS
        if answer[:2] != ["LARDER_OK", "LARDER_OK"]:
            wrong(f"{self.name}, {key}", " ".join(answer))
            return MISS
        return vectors.to_json(entity.body, wire.read(self.schema, entity, key, self.child.redis.run("GET", key)))


# ---------------------------------------------------------------- what was seen


class Sight:
    """An entry seen by the other version: kind, the worst that happened to it, and words."""

    def __init__(self, entry, kind, words):
        self.entry, self.kind, self.words = entry, kind, words


def names(change, reader):
    """From a reader's name to the writer's."""
    return change.renamed if reader == "new" else {old: new for new, old in change.renamed.items()}


def look(change, reader, type, written, seen, entry):
    if seen == MISS:
        return Sight(entry, MISS, "miss")
    kinds, words = compare(names(change, reader), type, written, seen)
    worst = next((kind for kind in (WRONG, LOST, GAINED) if kind in kinds), SAME)
    return Sight(entry, worst, ", ".join(words) or "the value")


def compare(renamed, type, written, seen):
    if type.kind == "struct" and isinstance(written, dict):
        kinds, words = [], []
        for field in type.decl.fields:
            kind, text = compare_field(renamed, field, written, seen[field.name])
            kinds += kind
            words += text
        return kinds, words
    if same(renamed, seen, written):
        return [SAME], []
    return [WRONG], [f"**{seen!r} for {written!r}**"]


def same(renamed, seen, written):
    return (renamed.get(seen, seen) if isinstance(seen, str) else seen) == written and isinstance(seen, bool) == isinstance(written, bool)


def compare_field(renamed, field, written, seen):
    name = f"`{field.name}`"
    source = renamed.get(field.name, field.name)
    there = source in written
    if there and field.type.kind == "struct":
        kinds, words = compare(renamed, field.type, written[source], seen)
        return kinds, [f"`{field.name}.{word[1:]}" for word in words]
    if there and same(renamed, seen, written[source]):
        return [SAME], []
    default = vectors.to_json(field.type, field.default) if field.has_default else None
    if seen is None or seen == default:
        return [LOST if there else GAINED], [f"{name} {'absent' if seen is None else f'is its default, {seen}'}"]
    return [WRONG], [f"**{name} is wrong**: {quoted(seen)}" + (f", was {quoted(written[source])}" if there else "")]


def quoted(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


def cell(sights):
    words = [sight.words for sight in sights]
    if len(set(words)) == 1 and not any(sight.entry.body for sight in sights):
        return words[0]
    return "; ".join(f"{sight.entry.label}: {sight.words}" if sight.entry.label else sight.words for sight in sights)


class Seen:
    """All that became of a change."""

    def __init__(self, change):
        self.change = change
        self.by_old, self.by_new = [], []
        self.without = []  # the same bytes, by both

    def verdict(self):
        if self.change.meant:
            return "as meant: none is shared"
        if not self.change.compatible:
            return "no" + (f" ({self.change.remark})" if self.change.remark else "")
        return "yes; old entries are loaded anew" if self.change.anew else "yes"

    def check(self):
        """The verdict must follow from what was seen."""
        change, every = self.change, self.by_old + self.by_new
        if change.compatible:
            for sight in every:
                cold = change.anew and sight in self.by_new
                if sight.kind in (WRONG, LOST) or (sight.kind == MISS and sight.entry.common and not cold):
                    wrong(change.title, f"is compatible by the rule, but: {sight.words}")
            if change.anew and not all(sight.kind == MISS for sight in self.by_new):
                wrong(change.title, "old entries are not loaded anew")
            return
        lost = any(sight.kind in (WRONG, LOST, MISS) for sight in every)
        lost = lost or any(sight.kind == GAINED for sight in self.by_old)
        lost = lost or len({sight.words for sight in self.without}) > 1
        if lost == bool(change.remark):
            wrong(change.title, "nothing shows that it is breaking" if not lost else "its remark is out of date")

    def row(self):
        change = self.change
        sides = [shown(change.old, change.old_type), shown(change.new, change.new_type)]
        if change.old_key != change.new_key:
            sides = ["`" + key.replace("|", "\\|") + "`" for key in (change.old_key, change.new_key)]
        if change.new_name:
            sides = ["`product`", "`article`"]
        by_old, by_new = (cell(sights + self.without[i : i + 1]) for i, sights in enumerate((self.by_old, self.by_new)))
        return f"| {change.title} | {' → '.join(sides)} | {by_old} | {by_new} | {self.verdict()} |"


def shown(body, type):
    """What differs: the fields of the entity, or the type they name."""
    if type and body.startswith("fields:"):
        body = type.partition(": { ")[2].removesuffix(" }")
    first, *rest = body.split("\n")
    if first.startswith("fields: {"):
        first = first.removeprefix("fields: { ").removesuffix(" }")
    return "`" + ", ".join([first] + [line.strip() for line in rest]) + "`"


def cross(writer, reader, server, seen):
    """Everything that writer stores, seen by reader."""
    writer.store(server)
    for number, change in enumerate(CHANGES):
        into = seen[number].by_old if reader.name == "old" else seen[number].by_new
        for i, entry in enumerate(getattr(change, writer.name + "_entries")):
            # All members, absent ones too.
            body = writer.schema.entities[number].body
            written = vectors.to_json(body, vectors.from_json(body, entry.value))
            body = reader.schema.entities[number].body
            into.append(look(change, reader.name, body, written, reader.sees(number, i), entry))


def from_before(version, seen):
    """Entries that were written when a field was not yet there."""
    for number, change in enumerate(CHANGES):
        if change.without:
            entity = version.schema.entities[number]
            key = wire.key_of(entity, [0])
            version.child.redis.run("SET", key, wire.sealed(version.schema, entity, key, bytes.fromhex(change.without.body)))
            value = version.sees(number, 0)
            seen[number].without.append(look(change, version.name, entity.body, change.without.value, value, change.without))


def table(seen):
    head = "| change | old → new | the old binary sees of a new entry | the new binary sees of an old entry | compatible |"
    return "\n".join([BEGIN, head, "|---|---|---|---|---|"] + [one.row() for one in seen] + [END])


def check_page(text, write):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    start, end = page.index(BEGIN), page.index(END) + len(END)
    if page[start:end] == text:
        return
    if write:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(page[:start] + text + page[end:])
        return
    drift = difflib.unified_diff(page[start:end].split("\n"), text.split("\n"), "docs/evolution.md", "what was seen", lineterm="", n=0)
    wrong("docs/evolution.md", "its table has drifted; --write puts there what was seen\n" + "\n".join(drift))


def main():
    write = "--write" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--write"]
    options = interop.parse(__doc__)
    seen = [Seen(change) for change in CHANGES]
    for kind in KINDS:
        if not any(kind in change.title for change in CHANGES):
            wrong("changes.py", f"no row says what comes of: {kind}")
    folder = tempfile.mkdtemp(prefix="larder-evolution-")
    try:
        old, new = (Version(name, folder, options) for name in ("old", "new"))
        with Server(folder) as server:
            for version in (old, new):
                version.start(server)
            cross(new, old, server, seen)
            cross(old, new, server, seen)
            for version in (old, new):
                from_before(version, seen)
                version.child.close()
        predicted.check(options.larder, old, new, seen)
    finally:
        shutil.rmtree(folder)
    for one in seen:
        one.check()
    check_page(table(seen), write)
    print(f"{len(seen)} changes")
    print("wrong" if roundtrip.failures else "all is as it must be")
    return 1 if roundtrip.failures else 0


if __name__ == "__main__":
    sys.exit(main())
