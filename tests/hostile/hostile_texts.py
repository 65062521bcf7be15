#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Text that is code, markup or a directive elsewhere, in every place of a schema that takes text.

    hostile_texts.py          LARDER and LARDER_SOURCE_DIR in the environment

Every payload in every place alone: it is refused at a line and column, or all that
--emit makes is made, and the C of it has the same code, token by token, as that of a harmless
schema but for literals. Then, for each payload, all places that took it at once: compiled, the
alerts read as YAML, the settings sourced by a shell, the rules of some loaded by a redis-server.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile

import yaml

from larder_run import as_c, as_cxx, compile_all, fail, finish, is_refused, larder

EMIT = "c,mock,docs,acl,env,alerts"
CANARY = "larder_pwned"
PAYLOADS = {
    "end of comment": "*/ int %s; /*" % CANARY,
    "begin of comment": "/* %s" % CANARY,
    "line comment": "// %s" % CANARY,
    "trigraph": "??/\n%s ??/" % CANARY,
    "backslash": "\\%s" % CANARY,
    "backslash at the end": "%s \\" % CANARY,
    "backslashes and lines": "\\\n%s\\\n\\" % CANARY,
    "format": "%%s%%n%%%%s %s" % CANARY,
    "quotes": "\"; int %s; \"'" % CANARY,
    "quote and bracket": "\")); system(\"%s\"); ((\"" % CANARY,
    "lines": "\n#define %s\n\r\nint %s;\r" % (CANARY, CANARY),
    "directive": "#define %s 1" % CANARY,
    "mustache": "{{{%s}}} {{#x}}{{/y}} {{>z}}" % CANARY,
    "our tags": "<@service@> <@#entities@> <@={{ }}=@> <@>write@> %s" % CANARY,
    "NUL": "a\0%s" % CANARY,
    "reordering": "\u202e*/ %s \u2066/*\u2069\u200f" % CANARY,
    "separators": "*/\u2028int %s;\u2029#define x\u0085y" % CANARY,
    "long word": CANARY + "x" * 5000,
    "emoji": "\U0001f9e8\u200d\U0001f525 \U0001f1e9\U0001f1ea %s" % CANARY,
    "combining": "e\u0301" * 40 + "\u034f" + CANARY,
    "shell": "$(touch CANARY)`touch CANARY`;touch CANARY\n|touch CANARY & ${x:=%s}" % CANARY,
    "html": "--><script>%s</script><!-- | `x` \n```\n# y" % CANARY,
    "rule": "\" +@all ~* nopass\nuser %s on nopass ~* +@all\n" % CANARY,
    "yaml": "\n- %s: &a *a !!python/object {{ $value }}\n---\n" % CANARY,
    "raw string": ")\" R\"(%s" % CANARY,
    "escapes": "\\u0022 \\x22 \\42 \\N{DIGIT ONE} %s" % CANARY,
    "glob": "*?[a-z] %s" % CANARY,
    "controls": "\x1b[31m\x07\x08%s\x7f" % CANARY,
    "short marks": "*/", "short begin": "/*", "short backslash": "\\", "question marks": "????/", "colon": "%:define", "dash": "-->",
}

TEMPLATE = """larder: 1
service: shop
description: {service}
include: [{include}]
redis: {{ db: 3, prefix: {prefix} }}
ttl: {{ short: 90s }}
types:
  Level: {{ description: {enum}, enum: [low, high] }}
  Part:
    description: {type}
    fields:
      text: {{ type: string, default: {default}, description: {field} }}
      level: {{ type: Level, default: high }}
entities:
  thing:
    description: {entity}
    key: {key}
    ttl: short
    fields:
      part: Part
      note: {{ type: "string?", description: {member} }}
events:
  changed: {{ description: {event}, params: {{ id: u64 }}, invalidate: [thing(id)] }}
"""
HARMLESS = {place: '"plain"' for place in re.findall(r"(?<!\{)\{(\w+)\}(?!\})", TEMPLATE)}
HARMLESS.update(include='"shared.yaml"', prefix='"p:"', key='"t:{id:u64}"')
TOKEN = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|\s+|\w+|.', re.S)


def quoted(text):
    """A double quoted scalar of YAML that is text."""
    special = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\u0085": "\\N", "\u2028": "\\L", "\u2029": "\\P"}
    return '"%s"' % "".join(special.get(c, c if c.isprintable() else "\\U%08x" % ord(c)) for c in text)


def slot(place, payload):
    if place == "key":
        return quoted("t:%s:{id:u64}" % payload)
    return quoted(payload)


def code_of(path):
    """Its tokens without comments, each literal as one."""
    with open(path, encoding="utf-8") as file:
        tokens = TOKEN.findall(file.read())
    return ['""' if token[0] == '"' else token for token in tokens if not token.isspace() and not token.startswith("/*")]


def generate(folder, slots, name="shop.yaml"):
    """(exit status, what it said); what there was is gone."""
    shutil.rmtree(os.path.join(folder, "out"), ignore_errors=True)
    with open(os.path.join(folder, "shared.yaml"), "w", encoding="utf-8") as file:
        file.write("larder: 1\ntypes: {Other: {enum: [a]}}\n")
    with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as file:
        file.write(TEMPLATE.format(**slots))
    return larder("generate", "-o", "out", "--emit", EMIT, "--depfile", "deps", name, cwd=folder)


def literals_apart(code):
    """Without the pieces of a key: how many there are depends on its text."""
    return [token for token in code if not token.isdigit()]


def check_code(folder, what, expected):
    for name, code in expected.items():
        found = code_of(os.path.join(folder, "out", name))
        if literals_apart(found) != literals_apart(code):
            fail("%s: %s is other code" % (what, name))
        if CANARY in " ".join(found):
            fail("%s: %s has it in code" % (what, name))


def check_others(folder, what):
    """What is not C: read by what reads it."""
    out = os.path.join(folder, "out")
    with open(os.path.join(out, "caches.rules.yml"), encoding="utf-8") as file:
        if [group["name"] for group in yaml.safe_load(file)["groups"]] != ["larder-shop"]:
            fail("%s: the alerts have other groups" % what)
    subprocess.run(["bash", "-c", "set -a; . out/.env.cache"], cwd=folder, check=True)
    if any("CANARY" in files for _, _, files in os.walk(folder)):
        fail("%s: a command ran" % what)
    with open(os.path.join(out, "caches.acl.conf"), "rb") as file:
        users = [line for line in file.read().split(b"\n") if line.strip() and not line.startswith(b"#")]
    if len(users) != 2 or not users[0].startswith(b"user default off ") or not users[1].startswith(b"user shop on "):
        fail("%s: other users" % what)
    with open(os.path.join(out, "shop_cache.md"), encoding="utf-8") as file:
        page = file.read()
    if "<script" in page or "<!--" in page[page.index("\n"):] or re.search("[\0-\x09\x0b-\x1f\x7f\u2028\u2029\u202e]", page):
        fail("%s: markup in the page" % what)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_server(folder, what):
    """A server takes the rules, and has these two users."""
    port = free_port()
    server = subprocess.Popen(["redis-server", "out/caches.acl.conf", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                               "--enable-debug-command", "no"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = []
    for line in server.stdout:
        said.append(line.decode("utf-8", "replace"))
        if "Ready to accept connections" in said[-1]:
            break
    else:
        fail("%s: a server does not take the rules" % what, "".join(said))
    server.kill()
    server.communicate()


# A schema's own name and its folder's: what stands behind the stem's last dot is free.
NAMES = ["shop.*" , "shop.-->", "shop.*\\", "shop.%s%n", 'shop."', "shop.\n#define larder_pwned", "shop.??\\", "shop.{{x}}", "shop.<@x@>",
         "shop.\u202e", "shop.$(touch CANARY)", "shop.`touch CANARY`", "shop.--><script>", "shop.# : $ larder_pwned",
         "shop.yaml\r\x1b[31m", "-shop.yaml", "sh op.yaml", "shop*.yaml", ".yaml", 'sh"op.yaml', "shop\n.yaml", "sh$op.yaml", "shop'.yaml"]
FOLDERS = ["with blank", "*", "$(touch CANARY)", "`touch CANARY`", "#define larder_pwned", "a:b", "a\\", "a\\ b", "--> x", "%s%n", '"', "\u202e", "-o",
           "line\nbreak", "$x", "{{x}}", "a=b", "a;b", "\xe9"]


def check_names(work, expected):
    """(how many were made, how many not): the schema's file and folder by every name."""
    made = refused = 0
    for folder, name in [("plain", name) for name in NAMES] + [(folder, "shop.yaml") for folder in FOLDERS]:
        what = "%r in %r" % (name, folder)
        inside = os.path.join(work, folder)
        shutil.rmtree(inside, ignore_errors=True)
        os.makedirs(inside)
        status, said = generate(inside, HARMLESS, "./" + name if name.startswith("-") else name)
        if status == 0:
            made += 1
            check_code(inside, what, expected)
            check_others(inside, what)
        else:
            refused += 1
            if not re.search(r"error: .*\[(file|file-name)\]$", said, re.M):
                fail("%s: exit %d" % (what, status), said)
        if re.search("[\0-\x09\x0b-\x1f\x7f\u202e]", said):
            fail("%s: a control character in a message" % what, repr(said))
        # What Make reads is one rule: its target is there, and nothing runs.
        if status == 0 and "%" not in folder + name:
            for command in (["make", "-rRf", "deps", "--no-print-directory"], ["make", "-rRnf", "deps"]):
                subprocess.run(command, cwd=inside, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            if any("CANARY" == file for _, _, files in os.walk(work) for file in files):
                fail("%s: make ran a command" % what)
    return made, refused


def main():
    made = refused = 0
    commands = []
    with tempfile.TemporaryDirectory() as work:
        plain = os.path.join(work, "plain")
        os.mkdir(plain)
        status, said = generate(plain, HARMLESS)
        if status != 0:
            fail("the harmless one", said)
            finish("nothing")
        expected = {name: code_of(os.path.join(plain, "out", name)) for name in os.listdir(os.path.join(plain, "out"))
                    if name.endswith((".c", ".h"))}
        for n, (what, payload) in enumerate(PAYLOADS.items()):
            taken = dict(HARMLESS)
            for place in HARMLESS:
                one = {**HARMLESS, place: slot(place, payload)}
                status, said = generate(plain, one)
                if status == 0:
                    made += 1
                    taken[place] = one[place]
                    check_code(plain, "%s in %s" % (what, place), expected)
                else:
                    refused += 1
                    if not is_refused(status, said, "shop.yaml"):
                        fail("%s in %s: exit %d" % (what, place, status), said)
                if re.search("[\0-\x09\x0b-\x1f\x7f\u2028\u202e]", said):
                    fail("%s in %s: a control character in a message" % (what, place), repr(said))
            folder = os.path.join(work, "all%d" % n)
            os.mkdir(folder)
            status, said = generate(folder, taken)
            if status != 0:
                fail("%s in every place that takes it: exit %d" % (what, status), said)
                continue
            check_code(folder, what, expected)
            check_others(folder, what)
            if taken["prefix"] != HARMLESS["prefix"] or taken["key"] != HARMLESS["key"]:
                check_server(folder, what)
            commands += as_c(os.path.join(folder, "out", "shop_cache_mock.c"))
            commands += as_cxx(os.path.join(folder, "out", "shop_cache_mock.h"))[:1]
        names_made, names_refused = check_names(work, expected)
        compile_all(commands)
    finish("%d payloads, %d places: %d made, %d refused; %d names of files: %d made, %d refused; %d compilations"
           % (len(PAYLOADS), len(HARMLESS), made, refused, len(NAMES) + len(FOLDERS), names_made, names_refused, len(commands)))


main()
