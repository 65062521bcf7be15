#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Schemas that are made to cost something: each is refused, soon and in little room.

    hostile_bombs.py [FACTOR]    LARDER in the environment; FACTOR: so much more is allowed, for sanitizers

A second of the processor and 192 MiB each; the error names a place and a rule.
"""

import os
import subprocess
import sys
import tempfile
import threading

from larder_run import LARDER, fail, finish, is_refused

MAX_SECONDS, MAX_KIB, MAX_SAID = 1.0, 192 * 1024, 64 * 1024
MIB = 1024 * 1024

HEAD = "larder: 1\nservice: shop\n"
ENTITY = 'entities: {t: {key: "t:{id:u64}", fields: {id: u64%s}}}\n'


def of_entities(count):
    return HEAD + "entities:\n" + "".join(' e%d: {key: "e%d", value: u64}\n' % (n, n) for n in range(count))


def filled(unit, size=MIB):
    return unit * (size // len(unit))


# name: (text, the rule that refuses it; None: it is generated)
BOMBS = {
    "brackets": (filled("["), "too-deep"),
    "braces": (filled("{"), None),
    "braces with keys": (filled("{a: "), "too-deep"),
    "dashes": (filled("- "), "too-deep"),
    "questions": (filled("? "), None),
    "depth by indentation": ("".join("%sa:\n" % (" " * n) for n in range(1400)), "too-deep"),
    "quotes": (filled("'"), None),
    "an open quote": ('"' + filled("x", MIB - 1), None),
    "a scalar of 1 MiB": (HEAD + "description: " + filled("x", MIB - 100), None),
    "a key of 1 MiB": (HEAD + filled("x", MIB - 100) + ": 1", None),
    "a description of 900 KiB": (HEAD + 'description: "' + filled("x \\u00e9 */ ", 900 * 1024) + '"\n' + ENTITY % "", ""),
    "lines of a description": (HEAD + 'description: "' + filled("\\n", 900 * 1024) + '"\n' + ENTITY % "", ""),
    "100,000 keys": (HEAD + "".join("k%d: 1\n" % n for n in range(49990)), "unknown-key"),
    "40,000 equal keys": (HEAD + "".join("k: 1\n" for n in range(40000)), "duplicate-key"),
    "100,000 nodes": (HEAD + "allow: [" + "x," * 100000 + "]\n" + ENTITY % "", "too-many-nodes"),
    "an alias bomb": ("a: &a [x,x]\n" + "".join("%s: &%s [*%s,*%s]\n" % (n, n, p, p) for p, n in zip("abcdefghijk", "bcdefghijkl")),
                      None),
    "a billion laughs": ("x: &x {<<: *x}\n", None),
    "10,001 entities": (of_entities(10001), "limit"),
    "5,000 fields": (HEAD + ENTITY % "".join(", f%d: u8" % n for n in range(5000)), "limit"),
    "lists in lists": (HEAD + ENTITY % (", l: \"" + "list<" * 100000 + "u8" + ">" * 100000 + '"'), None),
    "open lists": (HEAD + ENTITY % (", l: \"" + "list<" * 200000 + '"'), None),
    "a key of 100,000 parameters": (HEAD + 'entities: {t: {key: "%s", value: u64}}' % "".join("{a%d:u8}:" % n for n in range(60000)),
                                    None),
    "a key of 1 MiB of text": (HEAD + 'entities: {t: {key: "%s", value: u64}}' % filled("x", MIB - 100), None),
    "a lifetime of many digits": (HEAD + "ttl: {a: %sh}\n" % ("9" * 100000) + ENTITY % "", None),
    "a number of many digits": (HEAD + "redis: {db: %s}\n" % ("9" * 100000) + ENTITY % "", None),
    "a float of many digits": (HEAD + ENTITY % (", f: {type: f64, default: 1e%s}" % ("9" * 100000)), None),
    "a size of many digits": (HEAD + ENTITY % (", f: {type: string, max: %sKiB}" % ("1" * 100000)), None),
    "a version of many zeros": ("larder: " + "0" * 100000 + "1\n", None),
    "an event of 100,000 targets": (HEAD + ENTITY % "" + "events: {e: {params: {id: u64}, invalidate: [%s]}}\n"
                                    % ("t(id)," * 90000), ""),
    "a target of 100,000 arguments": (HEAD + ENTITY % "" + "events: {e: {params: {id: u64}, invalidate: [\"t(%s)\"]}}\n"
                                      % ("id," * 100000), None),
    "20,000 enumerators, one twice": (HEAD + "types: {E: {enum: [%s e1]}}\n" % "".join("e%d, " % n for n in range(20000))
                                      + ENTITY % ", e: E", None),
    "a chain of 5,000 types": (HEAD + "types:\n" + "".join(" T%d: {fields: {a: T%d}}\n" % (n, n + 1) for n in range(5000))
                               + " T5000: {fields: {a: T0}}\n" + ENTITY % ", a: T0", None),
    "a tree of types, 2 to the 200": (HEAD + "types:\n" + "".join(" T%d: {fields: {a: T%d, b: T%d}}\n" % (n, n + 1, n + 1)
                                                                 for n in range(200))
                                      + " T200: {fields: {a: u8}}\n" + ENTITY % ", a: T0", "limit"),
    "5,000 events of 1,000 names": (HEAD + ENTITY % "" + "events: {%s}\n" % ", ".join(
        "Event%d: {params: {id: u64}, invalidate: [t(idd)]}" % n for n in range(5000)), None),
    "1,000 includes that are not there": (HEAD + "include: [%s]\n" % ", ".join("i%d.yaml" % n for n in range(1000)) + ENTITY % "",
                                          "include"),
    "bytes that are no text": ("\xff" * 1000, None),
    "NULs": ("\0" * MIB, None),
}


def run(folder, name):
    """(exit status, what it said, seconds, KiB)."""
    with open(os.path.join(folder, "said"), "wb+") as said:
        process = subprocess.Popen([LARDER, "generate", "-o", "out", "--emit", "c,docs,acl,env,alerts", name], cwd=folder,
                                   stdout=said, stderr=said)
        timer = threading.Timer(60, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return process.returncode, said.read().decode("utf-8", "replace"), usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def check(folder, what, name, rule, factor):
    status, said, seconds, kib = run(folder, name)
    if seconds > MAX_SECONDS * factor or kib > MAX_KIB * factor or len(said) > MAX_SAID:
        fail("%s: %.2f s, %d KiB, %d bytes said" % (what, seconds, kib, len(said)), said)
    if rule == "":
        if status != 0:
            fail("%s: exit %d" % (what, status), said)
    elif not is_refused(status, said, name) or (rule and "[%s]" % rule not in said):
        fail("%s: exit %d, not %s" % (what, status, rule), said)
    if "-v" in sys.argv:
        print("%-40s %5.2f s %7d KiB %s" % (what, seconds, kib, said.strip().split("\n")[0][:110]))


def write(path, text):
    with open(path, "w", encoding="latin-1") as file:
        file.write(text)


def includes(folder, factor):
    """A thousand files that are there, at once and one behind the other; a circle of a thousand."""
    names = ["i%d.yaml" % n for n in range(1000)]
    for n, name in enumerate(names):
        write(os.path.join(folder, name), "larder: 1\ninclude: [%s]\ntypes: {T%d: {enum: [a]}}\n" % (names[(n + 1) % 1000], n))
        write(os.path.join(folder, "alone-" + name), "larder: 1\ntypes: {T%d: {enum: [a]}}\n" % n)
    write(os.path.join(folder, "chain.yaml"), HEAD + "include: [i0.yaml]\n" + ENTITY % "")
    write(os.path.join(folder, "wide.yaml"), HEAD + "include: [%s]\n" % ", ".join("alone-" + name for name in names) + ENTITY % "")
    for name in ("chain.yaml", "wide.yaml"):
        status, said, seconds, kib = run(folder, name)
        if status != 1 or "[limit]" not in said or seconds > MAX_SECONDS * factor or kib > MAX_KIB * factor:
            fail("%s: exit %d, %.2f s, %d KiB" % (name, status, seconds, kib), said)
    return 2


def main():
    factor = max([1.0, *(float(argument) for argument in sys.argv[1:] if argument != "-v")])
    with tempfile.TemporaryDirectory() as folder:
        for n, (what, (text, rule)) in enumerate(BOMBS.items()):
            name = "b%d.yaml" % n
            write(os.path.join(folder, name), text)
            check(folder, what, name, rule, factor)
        count = len(BOMBS) + includes(folder, factor)
    finish("%d bombs" % count)


main()
