# SPDX-License-Identifier: MIT
"""Each way to change an entity: its schema before and after, and entries that both versions write.

The order is that of docs/evolution.md. `compatible` is the rule: append a field,
make one optional, widen a number, rename, compress are; everything else is not.
"""


class Entry:
    """A value as JSON (tests/interop/vectors.py). common: the other version can say it, too."""

    def __init__(self, value, label="", common=True, body=None):
        self.value, self.label, self.common = value, label, common
        self.body = body  # instead: MessagePack that neither wrote


class Change:
    def __init__(self, title, old, new, old_entries, new_entries, compatible=False, **more):
        self.title, self.old, self.new = title, old, new
        self.old_entries = [entry if isinstance(entry, Entry) else Entry(entry) for entry in old_entries]
        self.new_entries = [entry if isinstance(entry, Entry) else Entry(entry) for entry in new_entries]
        self.compatible = compatible
        self.old_type = more.get("old_type")  # a line of `types:`
        self.new_type = more.get("new_type")
        self.renamed = more.get("renamed", {})  # new name: old name, of fields and enumerators
        self.new_name = more.get("new_name", False)  # the entity is called otherwise
        self.without = more.get("without")  # an Entry from before the field
        self.anew = more.get("anew", False)  # the new binary misses old entries, once
        self.remark = more.get("remark", "")
        self.meant = more.get("meant", False)  # not compatible, and no mistake either
        self.taken_as = more.get("taken_as")  # the title of a change whose schemas are the same
        self.old_key = more.get("old_key", "{n:u64}")  # behind the entity's own part of the key
        self.new_key = more.get("new_key", self.old_key)


LONG = "tea, black, loose, 250 g; " * 20
# What there must be a row of, by words of its title.
KINDS = "append optional widen rename reserve enumerator default reorder remove narrow compress".split()


def fields(text):
    return "fields: { " + text + " }"


CHANGES = [
    # ------------------------------------------------------------ compatible
    Change(
        "append an optional field",
        fields("a: u32"),
        fields("a: u32, b: string?"),
        [{"a": 1}],
        [{"a": 1, "b": "tea"}],
        compatible=True,
    ),
    Change(
        "append a field with a default",
        fields("a: u32"),
        fields("a: u32, b: { type: u32, default: 7 }"),
        [{"a": 1}],
        [{"a": 1, "b": 2}],
        compatible=True,
    ),
    Change(
        "append a field",
        fields("a: u32"),
        fields("a: u32, b: u32"),
        [{"a": 1}],
        [{"a": 1, "b": 2}],
        compatible=True,
        anew=True,
    ),
    Change(
        "append a field to a type inside",
        fields("a: AppendOld"),
        fields("a: AppendNew"),
        [{"a": {"x": 1}}],
        [{"a": {"x": 1, "y": "tea"}}],
        old_type="AppendOld: { fields: { x: u32 } }",
        new_type="AppendNew: { fields: { x: u32, y: string? } }",
        compatible=True,
    ),
    Change(
        "make a field optional",
        fields("a: u32, b: string"),
        fields("a: u32, b: string?"),
        [{"a": 1, "b": "tea"}],
        [Entry({"a": 1, "b": "tea"}, "present"), Entry({"a": 1}, "absent", common=False)],
        compatible=True,
    ),
    Change(
        "widen a number",
        fields("a: u8"),
        fields("a: u32"),
        [{"a": 200}],
        [Entry({"a": 200}, "200"), Entry({"a": 70000}, "70000", common=False)],
        compatible=True,
    ),
    Change(
        "widen a signed number",
        fields("a: i16"),
        fields("a: i64"),
        [{"a": -300}],
        [Entry({"a": -300}, "-300"), Entry({"a": -70000}, "-70000", common=False)],
        compatible=True,
    ),
    Change(
        "from an unsigned number to a wider signed one",
        fields("a: u32"),
        fields("a: i64"),
        [{"a": 4000000000}],
        [Entry({"a": 4000000000}, "4000000000"), Entry({"a": -1}, "-1", common=False)],
        compatible=True,
    ),
    Change(
        "widen a float",
        fields("a: f32"),
        fields("a: f64"),
        [{"a": 1.5}],
        [Entry({"a": 1.5}, "1.5"), Entry({"a": 0.1}, "0.1", common=False)],
        compatible=True,
    ),
    Change(
        "rename a field",
        fields("a: u32, b: string"),
        fields("a: u32, c: string"),
        [{"a": 1, "b": "tea"}],
        [{"a": 1, "c": "tea"}],
        renamed={"c": "b"},
        compatible=True,
    ),
    Change(
        "rename an enumerator",
        fields("a: NamedOld"),
        fields("a: NamedNew"),
        [{"a": "red"}],
        [{"a": "crimson"}],
        old_type="NamedOld: { enum: [red, green] }",
        new_type="NamedNew: { enum: [crimson, green] }",
        renamed={"crimson": "red"},
        compatible=True,
    ),
    Change(
        "reorder fields that keep their ids",
        fields("a: { type: string, id: 1 }, b: { type: string, id: 2 }"),
        fields("b: { type: string, id: 2 }, a: { type: string, id: 1 }"),
        [{"a": "tea", "b": "cup"}],
        [{"a": "tea", "b": "cup"}],
        compatible=True,
    ),
    Change(
        "begin to compress",
        fields("a: string"),
        fields("a: string") + "\n    compress: { codec: zstd, above: 0 }",
        [{"a": LONG}],
        [{"a": LONG}],
        compatible=True,
    ),
    Change(
        "change the codec",
        fields("a: string") + "\n    compress: { codec: lz4, above: 0 }",
        fields("a: string") + "\n    compress: { codec: zstd, above: 0 }",
        [{"a": LONG}],
        [{"a": LONG}],
        compatible=True,
    ),
    # -------------------------------------------------------------- breaking
    Change(
        "make an optional field required",
        fields("a: u32, b: string?"),
        fields("a: u32, b: string"),
        [Entry({"a": 1, "b": "tea"}, "present"), Entry({"a": 1}, "absent", common=False)],
        [{"a": 1, "b": "tea"}],
    ),
    Change(
        "narrow a number",
        fields("a: u32"),
        fields("a: u8"),
        [Entry({"a": 200}, "200"), Entry({"a": 70000}, "70000", common=False)],
        [{"a": 200}],
    ),
    Change(
        "make an unsigned number signed",
        fields("a: u32"),
        fields("a: i32"),
        [Entry({"a": 1}, "1"), Entry({"a": 4000000000}, "4000000000", common=False)],
        [Entry({"a": 1}, "1"), Entry({"a": -1}, "-1", common=False)],
    ),
    Change(
        "remove a field and reserve its position",
        fields("a: u32, b: string, c: u32"),
        fields("a: u32, c: { type: u32, id: 3 }") + "\n    reserved: [2]",
        [{"a": 1, "b": "tea", "c": 3}],
        [{"a": 1, "c": 3}],
    ),
    Change(
        "remove an optional field and reserve its position",
        fields("a: u32, b: string?, c: u32"),
        fields("a: u32, c: { type: u32, id: 3 }") + "\n    reserved: [2]",
        [{"a": 1, "b": "tea", "c": 3}],
        [{"a": 1, "c": 3}],
    ),
    Change(
        "remove a field that has a default and reserve its position",
        fields("a: u32, b: { type: u32, default: 7 }, c: u32"),
        fields("a: u32, c: { type: u32, id: 3 }") + "\n    reserved: [2]",
        [{"a": 1, "b": 2, "c": 3}],
        [{"a": 1, "c": 3}],
    ),
    Change(
        "put another field where one was removed",
        fields("a: u32, b: string"),
        fields("a: u32, c: string"),
        [{"a": 1, "b": "tea"}],
        [{"a": 1, "c": "cup"}],
        taken_as="rename a field",
    ),
    Change(
        "put a field at a reserved position",
        fields("a: u32") + "\n    reserved: [2]",
        fields("a: u32, c: { type: string?, id: 2 }"),
        [{"a": 1}],
        [{"a": 1, "c": "cup"}],
        without=Entry({"a": 1}, "with what was there", body="9201a3746561"),
    ),
    Change(
        "insert a field between others",
        fields("a: u32, b: string"),
        fields("a: u32, new: string, b: string"),
        [{"a": 1, "b": "tea"}],
        [{"a": 1, "new": "cup", "b": "tea"}],
    ),
    Change(
        "reorder fields of one type",
        fields("a: string, b: string"),
        fields("b: string, a: string"),
        [{"a": "tea", "b": "cup"}],
        [{"a": "tea", "b": "cup"}],
    ),
    Change(
        "reorder fields of different types",
        fields("a: string, b: u32"),
        fields("b: u32, a: string"),
        [{"a": "tea", "b": 1}],
        [{"a": "tea", "b": 1}],
    ),
    Change(
        "append an enumerator",
        fields("a: LongerOld"),
        fields("a: LongerNew"),
        [{"a": "red"}],
        [Entry({"a": "red"}, "red"), Entry({"a": "blue"}, "blue", common=False)],
        old_type="LongerOld: { enum: [red, green] }",
        new_type="LongerNew: { enum: [red, green, blue] }",
    ),
    Change(
        "remove the last enumerator",
        fields("a: ShorterOld"),
        fields("a: ShorterNew"),
        [Entry({"a": "red"}, "red"), Entry({"a": "blue"}, "blue", common=False)],
        [{"a": "red"}],
        old_type="ShorterOld: { enum: [red, green, blue] }",
        new_type="ShorterNew: { enum: [red, green] }",
    ),
    Change(
        "reorder enumerators",
        fields("a: OrderOld"),
        fields("a: OrderNew"),
        [{"a": "red"}],
        [{"a": "red"}],
        old_type="OrderOld: { enum: [red, green] }",
        new_type="OrderNew: { enum: [green, red] }",
    ),
    Change(
        "insert an enumerator between others",
        fields("a: BetweenOld"),
        fields("a: BetweenNew"),
        [Entry({"a": "red"}, "red"), Entry({"a": "green"}, "green")],
        [Entry({"a": "red"}, "red"), Entry({"a": "blue"}, "blue", common=False), Entry({"a": "green"}, "green")],
        old_type="BetweenOld: { enum: [red, green] }",
        new_type="BetweenNew: { enum: [red, blue, green] }",
    ),
    Change(
        "remove an enumerator between others",
        fields("a: FewerOld"),
        fields("a: FewerNew"),
        [Entry({"a": "red"}, "red"), Entry({"a": "blue"}, "blue", common=False), Entry({"a": "green"}, "green")],
        [Entry({"a": "red"}, "red"), Entry({"a": "green"}, "green")],
        old_type="FewerOld: { enum: [red, blue, green] }",
        new_type="FewerNew: { enum: [red, green] }",
    ),
    Change(
        "change a default",
        fields("a: u32, b: { type: u32, default: 7 }"),
        fields("a: u32, b: { type: u32, default: 8 }"),
        [{"a": 1, "b": 7}],
        [{"a": 1, "b": 8}],
        without=Entry({"a": 1}, "without `b`", body="9101"),
    ),
    Change(
        "add a default",
        fields("a: u32, b: u32"),
        fields("a: u32, b: { type: u32, default: 8 }"),
        [{"a": 1, "b": 7}],
        [{"a": 1, "b": 8}],
        without=Entry({"a": 1}, "without `b`", body="9101"),
    ),
    Change(
        "remove a default",
        fields("a: u32, b: { type: u32, default: 7 }"),
        fields("a: u32, b: u32"),
        [{"a": 1, "b": 7}],
        [{"a": 1, "b": 8}],
        without=Entry({"a": 1}, "without `b`", body="9101"),
    ),
    Change(
        "make an optional field one with a default",
        fields("a: u32, b: u32?"),
        fields("a: u32, b: { type: u32, default: 8 }"),
        [Entry({"a": 1, "b": 7}, "present"), Entry({"a": 1}, "absent", common=False)],
        [{"a": 1, "b": 8}],
    ),
    Change(
        "make a field with a default an optional one",
        fields("a: u32, b: { type: u32, default: 8 }"),
        fields("a: u32, b: u32?"),
        [{"a": 1, "b": 7}],
        [Entry({"a": 1, "b": 7}, "present"), Entry({"a": 1}, "absent", common=False)],
        without=Entry({"a": 1}, "without `b`", body="9101"),
    ),
    Change("narrow a float", fields("a: f64"), fields("a: f32"), [Entry({"a": 1.5}, "1.5"), Entry({"a": 0.1}, "0.1", common=False)], [{"a": 1.5}]),
    Change("change a type", fields("a: u32"), fields("a: string"), [{"a": 42}], [{"a": "42"}]),
    Change("from `string` to `bytes`", fields("a: string"), fields("a: bytes"), [{"a": "tea"}], [{"a": "746561"}]),
    Change("from `bool` to a number", fields("a: bool"), fields("a: u8"), [{"a": True}], [{"a": 1}]),
    Change(
        "from a number to a float", fields("a: u32"), fields("a: f64"), [{"a": 42}], [{"a": 42.0}]
    ),
    Change(
        "from `i64` to `timestamp`",
        fields("a: i64"),
        fields("a: timestamp"),
        [{"a": 1767225600000}],
        [{"a": 1767225600000}],
        remark="by the rule; the bytes are the same",
    ),
    Change("from a field to a list", fields("a: u32"), fields("a: list<u32>"), [{"a": 1}], [{"a": [1]}]),
    Change("from `list:` to `value:`", "list: u32", "value: u32", [[42]], [42]),
    Change("from `value:` to `list:`", "value: string", "list: string", ["tea"], [["tea"]]),
    Change(
        "from `fields:` to `value:` of such a type",
        fields("a: u32, b: string"),
        "value: SuchNew",
        [{"a": 1, "b": "tea"}],
        [{"a": 1, "b": "tea"}],
        new_type="SuchNew: { fields: { a: u32, b: string } }",
        remark="by the rule; the bytes are the same",
    ),
    Change(
        "tighten a `max`",
        fields("a: { type: string, max: 8 }"),
        fields("a: { type: string, max: 4 }"),
        [Entry({"a": "tea"}, "3 bytes"), Entry({"a": "teacup"}, "6 bytes", common=False)],
        [{"a": "tea"}],
    ),
    Change(
        "loosen a `max`",
        fields("a: { type: string, max: 4 }"),
        fields("a: { type: string, max: 8 }"),
        [{"a": "tea"}],
        [Entry({"a": "tea"}, "3 bytes"), Entry({"a": "teacup"}, "6 bytes", common=False)],
    ),
    Change(
        "narrow the items of a list",
        fields("a: list<u32>"),
        fields("a: list<u8>"),
        [Entry({"a": [200]}, "200"), Entry({"a": [70000]}, "70000", common=False)],
        [{"a": [200]}],
    ),
    Change(
        "change the type of a list's items",
        fields("a: list<u32>"),
        fields("a: list<string>"),
        [Entry({"a": []}, "none"), Entry({"a": [1]}, "one")],
        [Entry({"a": []}, "none"), Entry({"a": ["tea"]}, "one")],
    ),
    Change(
        "widen a parameter of the key",
        fields("a: u32"),
        fields("a: u32"),
        [{"a": 1}],
        [{"a": 1}],
        compatible=True,
        old_key="{n:u32}",
        new_key="{n:i64}",
    ),
    Change(
        "make a parameter of the key a string",
        fields("a: u32"),
        fields("a: u32"),
        [{"a": 1}],
        [{"a": 1}],
        compatible=True,
        new_key="{n:string}",
    ),
    Change("hash a parameter of the key", fields("a: u32"), fields("a: u32"), [{"a": 1}], [{"a": 1}], new_key="{n:u64|hash}"),
    Change("change the text of the key", fields("a: u32"), fields("a: u32"), [{"a": 1}], [{"a": 1}], new_key="of:{n:u64}"),
    Change(
        "raise the entity's `version`", fields("a: u32"), fields("a: u32") + "\n    version: 2", [{"a": 1}], [{"a": 1}], meant=True
    ),
    Change(
        "change a type and raise `version`", fields("a: u32"), fields("a: i32") + "\n    version: 2", [{"a": 1}], [{"a": 1}], meant=True
    ),
    Change("rename the entity", fields("a: u32"), fields("a: u32"), [{"a": 1}], [{"a": 1}], new_name=True),
]
