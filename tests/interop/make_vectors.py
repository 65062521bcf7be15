#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the lines of tests/vectors/wire.txt from the tables below, but for value, packed and string.

    make_vectors.py            writes them
    make_vectors.py --check    exit status 1 where the file has others

Values are written with wire.py, which is Python's MessagePack library; all
other bytes are spelled here by hand, but for four compressed ones: other versions of
those libraries write others, and these must be read by all.
"""

import json
import sys

import vectors
import wire
from oracle_schema import Schema

LONG = ["x" * n for n in (0, 1, 31, 32, 255, 256)]
U64 = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64 - 1]
I64 = [0, -1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**63), 127, 128, 2**63 - 1]
UID = "00112233445566778899aabbccddeeff"
NUMBERS = ["a", "b", "c", "d", "e", "f", "g", "h"]
LOW = [0, 0, 0, 0, -(2**7), -(2**15), -(2**31), -(2**63)]
HIGH = [2**8 - 1, 2**16 - 1, 2**32 - 1, 2**64 - 1, 2**7 - 1, 2**15 - 1, 2**31 - 1, 2**63 - 1]
LEAF = {"id": 7, "name": "oak", "colour": "blue"}
TWIG = {"name": "twig", "children": [], "named": {}}
NESTED = {
    "grid": [[1, 2, 3], [], [4294967295]],
    "rows": [{"a": "1", "b": "2"}, {}],
    "groups": {"some": ["x", None, ""], "none": []},
    "tables": {"t": {"x": -1, "y": 2**63 - 1}, "": {}},
    "leaves": [LEAF, None],
    "by_name": {"oak": LEAF, "elm": None},
    "leaf": LEAF,
    "extras": ["c0", "92a178c3", "81a16b91c0"],
}
MAYBES = {
    "flag": False,
    "natural": 0,
    "integer": -1,
    "single": 0.5,
    "real": 0.1,
    "text": "",
    "raw": "",
    "uid": UID,
    "at": 0,
    "span": 0,
    "anything": "00",
    "colour": "red",
    "leaf": LEAF,
    "list": [],
    "map": {},
}
TREE = {"name": "root", "only": TWIG, "children": [{**TWIG, "only": TWIG}, TWIG], "named": {"n": TWIG}}
DEFAULTS = {"flag": True, "natural": 2**64 - 1, "integer": -5, "real": 2.5, "text": "tea", "colour": "blue", "span": 90000}
NOT_DEFAULTS = {"flag": False, "natural": 0, "integer": 5, "real": -0.0, "text": "", "colour": "red", "span": -1}
ZIPPED = {
    "id": 7,
    "text": "tea, black, loose, tea, black, loose, tea, green, loose, tea, green, bags",
    "leaves": [{"id": 7, "name": "oak", "colour": "blue"}] * 8,
}
TEXTS = {"text": "Grüße, 世界 \U0001f375", "raw": "0001feff", "uid": UID, "colour": "green", "at": 1767225600123, "span": -1500}


def deep(levels):
    return {**TWIG, "only": deep(levels - 1)} if levels > 1 else TWIG


# ENTITY: values, each under an id of its own.
ENTRIES = [
    ("numbers", {**dict(zip(NUMBERS, LOW)), "flag": False, "single": -1.5, "real": -0.1}),
    ("numbers", {**dict(zip(NUMBERS, HIGH)), "flag": True, "single": 16777216.0, "real": 1.7976931348623157e308}),
    ("texts", TEXTS),
    ("maybes", {}),
    ("maybes", MAYBES),
    ("defaulted", DEFAULTS),
    ("defaulted", NOT_DEFAULTS),
    ("gaps", {"first": 1, "fourth": "four", "sixth": 6}),
    ("gaps", {"first": 1, "fourth": "", "sixth": None}),
    ("nested", NESTED),
    ("bounded", {"text": "éé", "raw": "01020304", "few": [1, 2], "pairs": {"a": 1, "b": 2}}),
    ("tree", TREE),
    ("tree", deep(32)),
    ("one_leaf", LEAF),
    *[("text", text) for text in LONG + ["line\nline\ttab\x7f", "\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"]],
    *[("raw", (b"\xc1" * n).hex()) for n in (0, 1, 255, 256)],
    *[("natural", number) for number in U64],
    *[("integer", number) for number in I64],
    *[("real", number) for number in (0.0, -0.0, 1.0, 0.1, 5e-324, -1.7976931348623157e308, "inf", "-inf", "nan")],
    *[("single", number) for number in (0.0, -0.0, 1.25, 1.401298464324817e-45, 3.4028234663852886e38, "inf", "-inf", "nan")],
    ("uid", UID),
    ("one_colour", "red"),
    ("one_colour", "blue"),
    *[("anything", text) for text in ("c0", "00", "cc05", "d903746561", "dc0001c0", "c70005", "d40100", "91" * 32 + "01", "a2fffe")],
    *[("counts", {f"k{i}": i for i in range(n)}) for n in (0, 1, 15, 16)],
    *[("flags", [True] * n) for n in (0, 1, 15, 16)],
    ("words", ["first", None, ""]),
    ("leaves", [LEAF, {"id": 0, "name": "", "colour": "red"}]),
    ("version_128", 1),
    ("version_256", 1),
    ("version_most", 1),
    # Too small to be compressed.
    ("zipped", {"id": 7, "text": "tea", "leaves": []}),
    ("squeezed", []),
    ("squeezed", ["tea", "cup"]),
]
# ENTITY, arguments, value: keys beside NAME:{id:u64}.
KEYED = [
    ("hashed", ["tea", -42], 1),
    ("hashed", ["", 0], 1),
    ("every_param", [255, 2**64 - 1, -128, -(2**63), True, "a b/%ü", UID, "green"], 1),
    ("every_param", [0, 0, 0, 0, False, "", "00" * 16, "red"], 1),
]

HEAD = "94 01 cf{fp} {v} "  # as larder writes it
LEAF_HEX = "93 07 a36f616b 02 "
TWIG_HEX = "94 a474776967 c0 90 80 "

PACKED = "96 11 cf{fp} {v} "
# A leaf, 7 bytes, as a zstd frame of one raw block; and with a checksum behind it. As an LZ4 block without a match.
FRAME = "28b52ffd 20 07 390000 " + LEAF_HEX
SUMMED = "28b52ffd 24 07 390000 " + LEAF_HEX + "46cf2a39"
BLOCK = "70 " + LEAF_HEX
# ZIPPED: by zstd 1.5.4, level 1; by level 19, with a checksum and without the size; by LZ4 1.9.4, fast and well.
ZIPPED_1 = "28b52ffd2086a5010084029307d9497465612c20626c61636b2c206c6f6f73652c20677265656e62616773989307a36f616b020300aa44097cba81b309"
ZIPPED_19 = "28b52ffd0400a5010084029307d9497465612c20626c61636b2c206c6f6f73652c20677265656e62616773989307a36f616b020300aa44097cba81b309e244fcdf"
ZIPPED_FAST = "ff089307d9497465612c20626c61636b2c206c6f6f73652c201300055a677265656e2600031300cf62616773989307a36f616b0207001950a36f616b02"
ZIPPED_WELL = "ff089307d9497465612c20626c61636b2c206c6f6f73652c201300055f677265656e130002cf62616773989307a36f616b0207001950a36f616b02"


def as_bin(text):
    """With the head of a bin; a fingerprint has 8 bytes, a version 1."""
    return "c4%02x " % (len(text.format(fp="0" * 16, v="01").replace(" ", "")) // 2) + text


def packed(codec, size, text):
    return PACKED + codec + " " + size + " " + as_bin(text)


TIMES = "cf0000000000000007 cf0000018000000000 cf0020000000000000 ce0000012c "  # token, until, fresh, cost
AS_OF = "cf0000000500000009 "
TIMED = "98 21 cf{fp} " + TIMES + "{v} "
VERSIONED = "96 41 cf{fp} " + AS_OF
BOTH = "9a 61 cf{fp} " + TIMES + AS_OF
TAG = "cf0102030405060708 "
CLAIM = "98 29 cf{fp} cf0000000000000007 cf0000018000000000 cf0000000000000000 ce00000000 {v} "

# ENTITY, stored bytes, how they are read: forms that larder does not write.
READS = [
    # The envelope: every number and count in any form.
    ("natural", "dc0004 cc01 cf{fp} d10001 2a", 42),
    ("natural", "dd00000004 cf0000000000000001 cf{fp} ce00000001 2a", 42),
    ("natural", "94 d001 cf{fp} d30000000000000001 2a", 42),
    # Integers.
    *[("natural", HEAD + form, 42) for form in ("cc2a", "cd002a", "ce0000002a", "cf000000000000002a")],
    *[("natural", HEAD + form, 42) for form in ("d02a", "d1002a", "d20000002a", "d3000000000000002a")],
    *[("integer", HEAD + form, -2) for form in ("d0fe", "d1fffe", "d2fffffffe", "d3fffffffffffffffe")],
    *[("integer", HEAD + form, 42) for form in ("cc2a", "cf000000000000002a", "d3000000000000002a")],
    ("one_colour", HEAD + "cd0002", "blue"),
    ("one_colour", HEAD + "d002", "blue"),
    ("numbers", HEAD + "9b d3000000000000007f cf000000000000ffff" + " 00 00 d3ffffffffffffff80 00 00 00 c2 ca00000000 ca3fc00000",
     {"a": 127, "b": 65535, "c": 0, "d": 0, "e": -128, "f": 0, "g": 0, "h": 0, "flag": False, "single": 0.0, "real": 1.5}),
    # Floats.
    ("real", HEAD + "ca3fc00000", 1.5),
    ("real", HEAD + "ca7f800000", "inf"),
    ("single", HEAD + "cb3ff8000000000000", 1.5),
    ("single", HEAD + "cbfff0000000000000", "-inf"),
    ("single", HEAD + "cb8000000000000000", -0.0),
    # Lengths and counts.
    *[("text", HEAD + form + "746561", "tea") for form in ("d903", "da0003", "db00000003")],
    *[("raw", HEAD + form + "746561", "746561") for form in ("c50003", "c600000003")],
    ("uid", HEAD + "c50010" + UID, UID),
    ("uid", HEAD + "c600000010" + UID, UID),
    *[("flags", HEAD + form + "c3c2", [True, False]) for form in ("dc0002", "dd00000002")],
    *[("counts", HEAD + form + "d9016b ce00000007", {"k": 7}) for form in ("de0001", "df00000001")],
    *[("one_leaf", HEAD + form + "07 a36f616b 02", LEAF) for form in ("dc0003", "dd00000003")],
    # Positions: more than are known, fewer, nil, and anything where no field is.
    ("one_leaf", HEAD + "95 07 a36f616b 02 93010203 c0", LEAF),
    ("one_leaf", HEAD + "94 07 a36f616b 02 " + "91" * 300 + "01", LEAF),
    ("one_leaf", HEAD + "94 07 a36f616b 02 " + "81c0" * 3000 + "01", LEAF),
    ("one_leaf", HEAD + "94 07 a36f616b 02 82 01 c0 c0 c70205aabb", LEAF),
    ("one_leaf", HEAD + "92 07 a36f616b", {"id": 7, "name": "oak", "colour": "green"}),
    ("one_leaf", HEAD + "93 07 a36f616b c0", {"id": 7, "name": "oak", "colour": "green"}),
    ("defaulted", HEAD + "90", DEFAULTS),
    ("defaulted", HEAD + "97 c0 c0 c0 c0 c0 c0 c0", DEFAULTS),
    ("defaulted", HEAD + "93 c2 c0 05", {**DEFAULTS, "flag": False, "integer": 5}),
    ("maybes", HEAD + "90", {}),
    ("maybes", HEAD + "92 c0 07", {"natural": 7}),
    ("gaps", HEAD + "94 01 c0 c0 a0", {"first": 1, "fourth": "", "sixth": None}),
    ("gaps", HEAD + "96 01 82a16100a16101 dd00000001d90178 a0 d60500000000 06", {"first": 1, "fourth": "", "sixth": 6}),
    ("gaps", HEAD + "96 01 a2fffe cb7ff8000000000001 a0 91c0 06", {"first": 1, "fourth": "", "sixth": 6}),
    # Compressed, whatever the schema says; and plain, whatever it says.
    *[("zipped", packed("01", "cc86", frame), ZIPPED) for frame in (ZIPPED_1, ZIPPED_19)],
    *[("zipped", packed("02", "cc86", block), ZIPPED) for block in (ZIPPED_FAST, ZIPPED_WELL)],
    ("zipped", HEAD + "dc0003 07 d920" + "78" * 32 + "90", {"id": 7, "text": "x" * 32, "leaves": []}),
    ("squeezed", packed("02", "23", "4f 91d920 78 0100 07 50 7878787878"), ["x" * 32]),
    *[("one_leaf", packed("01", "07", frame), LEAF) for frame in (FRAME, SUMMED)],
    ("one_leaf", packed("02", "07", BLOCK), LEAF),
    ("version_most", packed("02", "01", "10 01"), 1),
    # Every number and length of it in any form.
    ("one_leaf", "dc0006 cc11 cf{fp} {v} cc02 ce00000007 c50008 " + BLOCK, LEAF),
    ("one_leaf", "dd00000006 d011 cf{fp} {v} cf0000000000000001 d10007 c600000010 " + FRAME, LEAF),
    # With times and versions, which a schema without policies does not write: fresh for ever, fresh up to the
    # greatest number there is, with a claim over it; with an as_of that nothing is held against, and both.
    ("one_leaf", TIMED + LEAF_HEX, LEAF),
    ("one_leaf", "98 21 cf{fp} cf0000000000000001 cf7fffffffffffffff cf7fffffffffffffff ceffffffff {v} " + LEAF_HEX, LEAF),
    ("one_leaf", VERSIONED + "90 {v} " + LEAF_HEX, LEAF),
    ("one_leaf", BOTH + "90 {v} " + LEAF_HEX, LEAF),
    ("one_leaf", "9c 71 " + BOTH[6:] + "90 {v} 02 07 " + as_bin(BLOCK), LEAF),
    ("version_most", TIMED + "01", 1),
    # Frames: in two blocks, the last of which is empty; of a run; without a size and with a window; with a dictionary, which is none.
    ("one_leaf", packed("01", "07", "28b52ffd 20 07 180000 9307a3 200000 6f616b02 010000"), LEAF),
    ("anything", packed("01", "01", "28b52ffd 20 01 0b0000 c0"), "c0"),
    ("one_leaf", packed("01", "07", "28b52ffd 00 00 390000 " + LEAF_HEX), LEAF),
    ("one_leaf", packed("01", "07", "28b52ffd 21 00 07 390000 " + LEAF_HEX), LEAF),
]

# ENTITY, stored bytes, what `get` answers: claims, marks, a value that was fresh until 2022, one of a tag without a version.
EMPTIES = [
    ("one_leaf", CLAIM + "c0", "LARDER_MISS"),
    ("version_most", CLAIM + "c0", "LARDER_MISS"),
    ("one_leaf", "94 09 cf{fp} {v} c0", "LARDER_ABSENT"),
    ("anything", "dc0004 cc09 cf{fp} d10001 c0", "LARDER_ABSENT"),
    ("one_leaf", "96 49 cf{fp} " + AS_OF + "90 {v} c0", "LARDER_ABSENT"),
    ("one_leaf", "98 21 cf{fp} cf0000000000000000 cf0000000000000000 cf0000018000000000 ce00000000 {v} " + LEAF_HEX, "LARDER_MISS"),
    ("one_leaf", VERSIONED + "91 " + TAG + "{v} " + LEAF_HEX, "LARDER_MISS"),
]

BOUNDED = "a0 c400 90 80"
# ENTITY, stored bytes, why they are no value.
MISSES = [
    # Not ours at all.
    ("one_leaf", "", "nothing stored"),
    ("one_leaf", "7b226964223a317d", "JSON"),
    ("one_leaf", "68656c6c6f", "a text"),
    ("one_leaf", "c1", "a byte that MessagePack does not have"),
    ("one_leaf", "c0", "nil"),
    ("one_leaf", "ddffffffff", "an array of 4 Gi items in five bytes"),
    ("one_leaf", "dfffffffff", "a map of 4 Gi entries in five bytes"),
    ("one_leaf", "dbffffffff", "a string of 4 GiB in five bytes"),
    ("one_leaf", "c6ffffffff", "bytes of 4 GiB in five bytes"),
    ("one_leaf", "c9ffffffff", "an ext of 4 GiB in five bytes"),
    ("one_leaf", "91" * 1000, "nested, and cut off"),
    # The envelope.
    ("one_leaf", "94", "cut off behind the head"),
    ("one_leaf", "94 01 cf{fp}", "cut off behind the fingerprint"),
    ("one_leaf", "94 01 cf{fp} 01", "no body"),
    ("one_leaf", "93 01 cf{fp} 01", "three elements"),
    ("one_leaf", "95 01 cf{fp} 01 " + LEAF_HEX + "c0", "five elements"),
    ("one_leaf", "84 01 cf{fp} 01 " + LEAF_HEX, "a map"),
    ("one_leaf", "94 00 cf{fp} 01 " + LEAF_HEX, "format 0"),
    ("one_leaf", "94 02 cf{fp} 01 " + LEAF_HEX, "format 2"),
    ("one_leaf", "94 09 cf{fp} 01 " + LEAF_HEX, "a mark that has a value"),
    ("one_leaf", "94 cc81 cf{fp} 01 " + LEAF_HEX, "a flag"),
    ("one_leaf", "94 cd0101 cf{fp} 01 " + LEAF_HEX, "meta over 127"),
    ("one_leaf", "94 ff cf{fp} 01 " + LEAF_HEX, "negative meta"),
    ("one_leaf", "94 a101 cf{fp} 01 " + LEAF_HEX, "meta that is a string"),
    ("one_leaf", "94 ca3f800000 cf{fp} 01 " + LEAF_HEX, "meta that is a float"),
    ("one_leaf", "94 01 cf{other} 01 " + LEAF_HEX, "the fingerprint of another key"),
    ("one_leaf", "94 01 cf{entity} 01 " + LEAF_HEX, "the fingerprint of another entity"),
    ("one_leaf", "94 01 cf{service} 01 " + LEAF_HEX, "the fingerprint of another service"),
    ("one_leaf", "94 01 c408{fp} 01 " + LEAF_HEX, "a fingerprint that is bytes"),
    ("one_leaf", "94 01 c0 01 " + LEAF_HEX, "no fingerprint"),
    ("one_leaf", "94 01 cf{fp} 02 " + LEAF_HEX, "another version"),
    ("one_leaf", "94 01 cf{fp} cf0000000100000001 " + LEAF_HEX, "a version that is 1 modulo 2^32"),
    ("one_leaf", "94 01 cf{fp} c0 " + LEAF_HEX, "no version"),
    ("one_leaf", "94 01 cf{fp} d0ff " + LEAF_HEX, "a negative version"),
    ("version_256", "94 01 cf{fp} 00 01", "a version that is 256 modulo 256"),
    ("one_leaf", HEAD + LEAF_HEX + "c0", "a byte behind the end"),
    ("one_leaf", HEAD + LEAF_HEX + HEAD + LEAF_HEX, "the value twice"),
    # Struct.
    ("one_leaf", HEAD + "83 07 a36f616b 02 c0 c0 c0", "a map for a struct"),
    ("one_leaf", HEAD + "90", "no positions"),
    ("one_leaf", HEAD + "91 07", "a required field is missing"),
    ("one_leaf", HEAD + "93 07 c0 02", "nil for a required field"),
    ("one_leaf", HEAD + "94 07 a36f616b 02", "an unknown position is cut off"),
    ("one_leaf", HEAD + "94 07 a36f616b 02 c1", "no MessagePack at an unknown position"),
    ("one_leaf", HEAD + "94 07 a36f616b 02 ddffffffff", "4 Gi items at an unknown position"),
    ("one_leaf", HEAD + "94 07 a36f616b 02 dbffffffff", "4 GiB at an unknown position"),
    ("one_leaf", HEAD + "94 07 a36f616b 02 c9ffffffff", "an ext of 4 GiB at an unknown position"),
    ("one_leaf", HEAD + "ddffffffff 07 a36f616b 02", "4 Gi positions"),
    ("gaps", HEAD + "96 01 c1 c0 a0 c0 06", "no MessagePack at a reserved position"),
    ("gaps", HEAD + "93 01 c0 c0", "the fourth position is missing"),
    # Numbers.
    ("natural", HEAD + "ff", "-1 for u64"),
    ("natural", HEAD + "d3ffffffffffffffff", "-1 for u64, in eight bytes"),
    ("natural", HEAD + "a13432", "a string for a number"),
    ("natural", HEAD + "ca42280000", "a float for an integer"),
    ("natural", HEAD + "c3", "true for an integer"),
    ("natural", HEAD + "c0", "nil for an integer"),
    ("natural", HEAD + "cf00000000000000", "a number is cut off"),
    ("integer", HEAD + "cf8000000000000000", "2^63 for i64"),
    ("one_colour", HEAD + "03", "an unknown enumerator"),
    ("one_colour", HEAD + "ff", "a negative enumerator"),
    ("one_colour", HEAD + "ce00010000", "an enumerator that is 0 modulo 2^16"),
    ("one_colour", HEAD + "a3726564", "an enumerator by name"),
    ("version_128", HEAD + "cd0100", "256 for u8"),
    ("version_128", HEAD + "d0ff", "-1 for u8"),
    ("real", HEAD + "01", "an integer for f64"),
    ("real", HEAD + "cb3ff80000000000", "a float is cut off"),
    ("single", HEAD + "cb3fb999999999999a", "a float 64 that is no float 32"),
    ("single", HEAD + "cb7fefffffffffffff", "a float 64 over all float 32"),
    ("single", HEAD + "cb3680000000000000", "a float 64 under all float 32"),
    ("single", HEAD + "cb7ff8000000000000", "NaN as float 64 for f32"),
    ("single", HEAD + "cb3ff80000000000", "a float 64 for f32 is cut off"),
    ("single", HEAD + "01", "an integer for f32"),
    ("flags", HEAD + "91 01", "1 for true"),
    ("flags", HEAD + "91 c0", "nil for an item"),
    # Strings and bytes.
    ("text", HEAD + "c403746561", "bytes for a string"),
    ("text", HEAD + "2a", "a number for a string"),
    ("text", HEAD + "c0", "nil for a string"),
    ("text", HEAD + "a4746561", "a string is cut off"),
    ("text", HEAD + "dbffffffff746561", "a string of 4 GiB"),
    ("text", HEAD + "a3610062", "a NUL in a string"),
    ("text", HEAD + "a100", "a NUL alone"),
    ("text", HEAD + "a180", "UTF-8: a byte that only continues"),
    ("text", HEAD + "a261c3", "UTF-8: cut off"),
    ("text", HEAD + "a2c080", "UTF-8: NUL in two bytes"),
    ("text", HEAD + "a2c1bf", "UTF-8: ASCII in two bytes"),
    ("text", HEAD + "a3e09fbf", "UTF-8: three bytes where two do"),
    ("text", HEAD + "a3eda080", "UTF-8: half of a surrogate pair"),
    ("text", HEAD + "a4f08fbfbf", "UTF-8: four bytes where three do"),
    ("text", HEAD + "a4f4908080", "UTF-8: over 10FFFF"),
    ("text", HEAD + "a5f888808080", "UTF-8: five bytes"),
    ("text", HEAD + "a1ff", "UTF-8: FF"),
    ("raw", HEAD + "a3746561", "a string for bytes"),
    ("raw", HEAD + "c404746561", "bytes are cut off"),
    ("raw", HEAD + "c70305746561", "an ext for bytes"),
    ("uid", HEAD + "c40f" + UID[:30], "fifteen bytes for a uuid"),
    ("uid", HEAD + "c411" + UID + "00", "seventeen bytes for a uuid"),
    ("uid", HEAD + "d92430303131323233332d343435352d363637372d383839392d616162626363646465656666", "a uuid as text"),
    # Lists and maps.
    ("flags", HEAD + "81 c3 c3", "a map for a list"),
    ("flags", HEAD + "92 c3", "a list is cut off"),
    ("flags", HEAD + "dcffff c3", "a count beyond the bytes that are left"),
    ("leaves", HEAD + "91 c0", "nil for a struct in a list"),
    ("counts", HEAD + "92 a16b 07", "a list for a map"),
    ("counts", HEAD + "81 01 07", "a map key that is a number"),
    ("counts", HEAD + "81 c4016b 07", "a map key that is bytes"),
    ("counts", HEAD + "81 c0 07", "a map key that is nil"),
    ("counts", HEAD + "81 a1ff 07", "a map key that is no UTF-8"),
    ("counts", HEAD + "82 a16b 07 a16b 07", "a map key twice"),
    ("counts", HEAD + "82 a16b 07 d9016b 08", "a map key twice, in two forms"),
    ("counts", HEAD + "dfffffffff a16b 07", "4 Gi entries"),
    ("bounded", HEAD + "94 a5" + "61" * 5 + " c400 90 80", "a string over its max"),
    ("bounded", HEAD + "94 a0 c405" + "00" * 5 + " 90 80", "bytes over their max"),
    ("bounded", HEAD + "94 a0 c400 93 00 00 00 80", "a list over its max"),
    ("bounded", HEAD + "94 a0 c400 90 83 a161 00 a162 00 a163 00", "a map over its max"),
    # Any, and types in themselves.
    ("anything", HEAD + "c1", "no MessagePack for any"),
    ("anything", HEAD + "92 01", "any is cut off"),
    ("anything", HEAD + "91" * 33 + "01", "any nested 33 deep"),
    ("anything", HEAD + "ddffffffff", "any of 4 Gi items"),
    ("anything", HEAD + "c9ffffffff", "any of 4 GiB"),
    ("anything", HEAD + "c0 c0", "two values for any"),
    ("tree", HEAD + "94 a474776967 " * 32 + TWIG_HEX + "90 80 " * 32, "a type in itself, 33 deep"),
    ("tree", HEAD + "94 a0 c0 91 " * 2000 + "c0", "lists of itself, 2000 deep"),
    # Compressed: the elements.
    ("one_leaf", "94 11 cf{fp} {v} 02 07 " + as_bin(BLOCK), "four elements, and compressed"),
    ("one_leaf", "95 11 cf{fp} {v} 02 " + as_bin(BLOCK), "five elements, and compressed"),
    ("one_leaf", "96 01 cf{fp} {v} 02 07 " + as_bin(BLOCK), "six elements, and not compressed"),
    ("one_leaf", "96 12 cf{fp} {v} 02 07 " + as_bin(BLOCK), "format 2, compressed"),
    ("one_leaf", "96 19 cf{fp} {v} 02 07 " + as_bin(BLOCK), "empty, and compressed"),
    ("one_leaf", "96 11 cf{other} {v} 02 07 " + as_bin(BLOCK), "compressed, of another key"),
    ("one_leaf", "96 11 cf{fp} 02 02 07 " + as_bin(BLOCK), "compressed, of another version"),
    ("one_leaf", packed("00", "07", LEAF_HEX), "codec 0"),
    ("one_leaf", packed("03", "07", LEAF_HEX), "codec 3"),
    ("one_leaf", packed("cf0000000100000002", "07", BLOCK), "a codec that is 2 modulo 2^32"),
    ("one_leaf", packed("ff", "07", BLOCK), "a negative codec"),
    ("one_leaf", packed("a3" + "6c7a34", "07", BLOCK), "a codec by name"),
    ("one_leaf", packed("02", "c0", BLOCK), "no size"),
    ("one_leaf", packed("02", "f9", BLOCK), "a negative size"),
    ("one_leaf", PACKED + "02 07 a8 " + BLOCK, "a string for the packed"),
    ("one_leaf", PACKED + "02 07 c408 " + BLOCK[:-4], "the packed is cut off"),
    ("one_leaf", PACKED + "02 07 c409 " + BLOCK, "a length one beyond the end"),
    ("one_leaf", PACKED + "02 07 c6ffffffff " + BLOCK, "packed of 4 GiB"),
    ("one_leaf", PACKED + "02 07", "no packed"),
    ("one_leaf", PACKED + "02", "no size and no packed"),
    ("one_leaf", packed("02", "07", BLOCK) + " c0", "a byte behind the packed"),
    # The size that it says.
    *[("one_leaf", packed("01", size, FRAME), f"zstd that says {what}") for size, what in (("06", "too little"), ("08", "too much"), ("00", "0"))],
    *[("one_leaf", packed("02", size, BLOCK), f"LZ4 that says {what}") for size, what in (("06", "too little"), ("08", "too much"), ("00", "0"))],
    ("one_leaf", packed("01", "00", ""), "nothing packed of no size"),
    ("one_leaf", packed("01", "cd4001", FRAME), "zstd of 1024 times its length and one more"),
    ("one_leaf", packed("02", "cd07f9", BLOCK), "LZ4 of 255 times its length and one more"),
    ("one_leaf", packed("01", "ce04000001", FRAME), "64 MiB and one more"),
    ("one_leaf", packed("01", "cfffffffffffffffff", FRAME), "16 EiB"),
    ("squeezed", packed("01", "ce00019001", "28b52ffd a0 01900100 0b0008 c0 83800c c0"), "one more than max_bytes, in so few bytes"),
    # The packed itself.
    ("one_leaf", packed("01", "07", FRAME[:-3]), "a frame is cut off"),
    ("one_leaf", packed("01", "07", "28b52ffd"), "a frame's magic alone"),
    ("one_leaf", packed("01", "07", FRAME + "00"), "a byte behind the frame"),
    ("one_leaf", packed("01", "07", FRAME + FRAME), "two frames"),
    ("one_leaf", packed("01", "07", FRAME + "28b52ffd 20 00 010000"), "an empty frame behind it"),
    ("one_leaf", packed("01", "07", "502a4d18 01000000 00 " + FRAME), "a frame to skip before it"),
    ("one_leaf", packed("01", "07", "28b52ffd 20 07 380000 " + LEAF_HEX), "no last block"),
    ("one_leaf", packed("01", "07", "28b52ffd 20 07 3f0000 " + LEAF_HEX), "a block of the fourth type"),
    ("one_leaf", packed("01", "07", "28b52ffd 20 08 390000 " + LEAF_HEX), "a frame that says another size"),
    ("one_leaf", packed("01", "07", "28b52ffd 28 07 390000 " + LEAF_HEX), "a frame's reserved bit"),
    ("one_leaf", packed("01", "07", "28b52ffd 21 05 07 390000 " + LEAF_HEX), "a frame with a dictionary"),
    ("one_leaf", packed("01", "07", SUMMED[:-8] + "47cf2a39"), "a wrong checksum"),
    ("one_leaf", packed("01", "07", SUMMED[:-2]), "a checksum is cut off"),
    ("one_leaf", packed("01", "07", "27b52ffd 20 07 390000 " + LEAF_HEX), "zstd of before its format was fixed"),
    ("one_leaf", packed("01", "07", BLOCK), "LZ4 for zstd"),
    ("one_leaf", packed("02", "07", FRAME), "zstd for LZ4"),
    ("one_leaf", packed("02", "07", "04224d18 6040 82 07000080 " + LEAF_HEX + "00000000"), "an LZ4 frame for a block"),
    ("one_leaf", packed("02", "07", BLOCK[:-3]), "a block is cut off"),
    ("one_leaf", packed("02", "07", BLOCK + "00"), "an empty sequence behind the block"),
    ("one_leaf", packed("02", "08", "10 93 ff00 00"), "a match before the beginning"),
    ("one_leaf", packed("02", "07", "f0ffff " + LEAF_HEX), "more letters than there are bytes"),
    # What is in it.
    ("one_leaf", packed("02", "06", "60 " + LEAF_HEX[:-3]), "compressed, and cut off before"),
    ("one_leaf", packed("02", "08", "80 " + LEAF_HEX + "c0"), "compressed, with a byte behind the end"),
    ("one_leaf", packed("02", "01", "10 01"), "compressed, of another type"),
    ("one_leaf", packed("02", "13", "f004 94 01 cf{fp} {v} " + LEAF_HEX), "a whole value, compressed"),
    # Times, versions, what is empty.
    ("one_leaf", CLAIM + LEAF_HEX, "a claim that has a value"),
    ("one_leaf", CLAIM + "c0 c0", "a claim, and something behind it"),
    ("one_leaf", CLAIM, "a claim without a nil"),
    ("anything", "94 09 cf{fp} {v} c0 c0", "a mark, and something behind it"),
    ("one_leaf", "9a 69 cf{fp} " + TIMES + AS_OF + "90 {v} c0", "a claim with versions"),
    ("one_leaf", "97 21 cf{fp} " + TIMES + "{v} " + LEAF_HEX, "seven elements, and timed"),
    ("one_leaf", "94 21 cf{fp} {v} " + LEAF_HEX, "four elements, and timed"),
    ("one_leaf", "94 41 cf{fp} {v} " + LEAF_HEX, "four elements, and versioned"),
    ("one_leaf", "dc0008 " + TIMED[3:] + LEAF_HEX, "a timed value with a wide count"),
    ("one_leaf", "98 cc21 " + TIMED[6:] + LEAF_HEX, "a timed value with a wide meta"),
    ("one_leaf", "98 21 cf{fp} 07 cf0000018000000000 cf0020000000000000 ce0000012c {v} " + LEAF_HEX, "a short token"),
    ("one_leaf", "98 21 cf{fp} cf0000000000000007 d30000018000000000 cf0020000000000000 ce0000012c {v} " + LEAF_HEX, "a signed time"),
    ("one_leaf", "98 21 cf{fp} cf0000000000000007 cf0000018000000000 cf0020000000000000 cd012c {v} " + LEAF_HEX, "a short cost"),
    ("one_leaf", "98 21 cf{fp} cf0000000000000007 cf0000018000000000 cf8000000000000000 ce0000012c {v} " + LEAF_HEX, "fresh until 2^63"),
    ("one_leaf", "98 21 cf{fp} cf0000000000000007 cfffffffffffffffff cf0020000000000000 ce0000012c {v} " + LEAF_HEX, "until 2^64 - 1"),
    ("one_leaf", "98 21 cf{other} " + TIMES + "{v} " + LEAF_HEX, "timed, of another key"),
    ("one_leaf", "98 21 cf{fp} " + TIMES + "02 " + LEAF_HEX, "timed, of another version"),
    ("one_leaf", "98 21 cf{fp} " + TIMES + "{v} " + LEAF_HEX + "c0", "timed, with a byte behind the end"),
    ("one_leaf", "98 21 cf{fp} " + TIMES[:35], "cut off among the times"),
    ("one_leaf", VERSIONED, "cut off before the tags"),
    ("one_leaf", VERSIONED + "99 " + TAG * 9 + "{v} " + LEAF_HEX, "nine tags"),
    ("one_leaf", VERSIONED + "9f " + TAG * 2 + "{v} " + LEAF_HEX, "fifteen tags, of which two are there"),
    ("one_leaf", VERSIONED + "dc0000 {v} " + LEAF_HEX, "tags with a wide count"),
    ("one_leaf", VERSIONED + "91 07 {v} " + LEAF_HEX, "a short tag"),
    ("one_leaf", VERSIONED + "81 " + TAG + "90 {v} " + LEAF_HEX, "a map of tags"),
    ("one_leaf", PACKED + "02 18 c41a f009 " + packed("02", "07", BLOCK), "a compressed value in a compressed one"),
]


def fill(schema, entity, key, text):
    """Hexadecimal with its placeholders filled in."""
    return text.format(
        fp="%016x" % wire.fingerprint(schema.service, entity.name, key),
        other="%016x" % wire.fingerprint(schema.service, entity.name, key + "0"),
        entity="%016x" % wire.fingerprint(schema.service, "text", key),
        service="%016x" % wire.fingerprint("other", entity.name, key),
        v=wire.msgpack.packb(entity.version).hex(),
    ).replace(" ", "")


def compact(value):
    return json.dumps(value, separators=(",", ":"))


# SERVICE, ENTITY, VERSION, KEY, what stands in the head, BODY: every form that may be, with its lengths.
TEA_KEY = ("product", "product", 1, "product:42")
TIMES_OF = {"token": 2**64 - 2, "until": 1767225600123, "fresh": 1767225600124, "cost": 2**32 - 1}
AS_OF_OF = {"as_of": 5 << 32 | 9}
MOST_TAGS = {"tags": [2**64 - 1 - i for i in range(8)]}
HEADS = [
    (*TEA_KEY, 33, TIMES_OF, "922aa3746561"),
    (*TEA_KEY, 33, {"fresh": 2**53}, "922aa3746561"),
    ("auth", "session", 300, "session:a%20b", 65, {**AS_OF_OF, "tags": []}, "c0"),
    ("auth", "session", 2**32 - 1, "session:a%20b", 65, {**AS_OF_OF, **MOST_TAGS}, "00"),
    (*TEA_KEY, 97, {**TIMES_OF, **AS_OF_OF, "tags": [wire.version_id("product", "t:category:7")]}, "922aa3746561"),
    (*TEA_KEY, 97, {**TIMES_OF, **AS_OF_OF, **MOST_TAGS}, "922aa3746561"),
    (*TEA_KEY, 41, {"token": 2**63, "until": 1767225600123}, ""),
    ("auth", "session", 70000, "session:a%20b", 41, {"token": 1, "until": 1}, ""),
    (*TEA_KEY, 9, {}, ""),
    (*TEA_KEY, 73, AS_OF_OF, ""),
]
# SERVICE, text of what is invalidated.
IDS = [
    ("product", "e:search_results"),
    ("product", "g:history_page:history:42"),
    ("product", "t:category:7"),
    ("auth", "t:user:a%20b"),
    ("auth", "t:" + "x" * 300),
]


def head_line(service, entity, version, key, meta, what, body):
    stored = wire.fixed_head(meta, wire.fingerprint(service, entity, key), version, **what).hex() + body
    times = [f"{what.get('token', 0):x}"] + [str(what.get(name, 0)) for name in ("until", "fresh", "cost")]
    tags = "".join(f"{tag:016x}" for tag in what.get("tags", [])) or "-"
    return f"head {service} {entity} {version} {key} {meta} {' '.join(times)} {what.get('as_of', 0):x} {tags} {body or '-'} {stored}"


def id_line(service, text):
    number = wire.version_id(service, text)
    return f"id {service} {text} {number:016x} ~{service}:v:{number:016x}"


class Maker:
    def __init__(self, schema):
        self.schema = schema
        self.entities = {entity.name: entity for entity in schema.entities}
        self.ids = {}

    def next_id(self, name):
        self.ids[name] = self.ids.get(name, 0) + 1
        return [self.ids[name]]

    def line(self, kind, name, arguments, stored, rest):
        """stored: of an entity, a key and its arguments."""
        entity = self.entities[name]
        typed = [vectors.from_json(param.type, argument) for param, argument in zip(entity.params, arguments)]
        key = wire.key_of(entity, typed)
        words = compact(arguments).replace(" ", "\\u0020")
        return f"{kind} {name} {words} {key} {stored(entity, key) or '-'} {rest}"

    def entry(self, name, arguments, value):
        def stored(entity, key):
            return wire.write(self.schema, entity, key, vectors.from_json(entity.body, value)).hex()

        # A value's JSON with all its members.
        body = self.entities[name].body
        whole = vectors.to_json(body, vectors.from_json(body, value))
        return self.line("entry", name, arguments, stored, compact(whole))

    def given(self, kind, name, text, rest):
        return self.line(kind, name, self.next_id(name), lambda entity, key: fill(self.schema, entity, key, text), rest)

    def lines(self):
        yield from (self.entry(name, self.next_id(name), value) for name, value in ENTRIES)
        yield from (self.entry(*row) for row in KEYED)
        for name, text, value in READS:
            body = self.entities[name].body
            whole = vectors.to_json(body, vectors.from_json(body, value))
            yield self.given("read", name, text, compact(whole))
        yield from (self.given("miss", *row) for row in MISSES)
        yield from (self.given("empty", *row) for row in EMPTIES)


def main():
    with open(vectors.FILE, encoding="utf-8") as file:
        old = file.read().splitlines()
    kept = [line for line in old if line.split(" ")[0] not in ("head", "id", "entry", "read", "miss", "empty")]
    kept += [head_line(*row) for row in HEADS] + [id_line(*row) for row in IDS]
    new = kept + list(Maker(Schema(vectors.SCHEMA)).lines())
    if "--check" in sys.argv:
        print("in step" if new == old else "tests/vectors/wire.txt is not what make_vectors.py makes")
        return int(new != old)
    with open(vectors.FILE, "w", encoding="utf-8") as file:
        file.write("\n".join(new) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
