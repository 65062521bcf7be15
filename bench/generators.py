# SPDX-License-Identifier: MIT
"""What generators make of one message of 16 fields, side by side.

    python3 generators.py LARDER WORK-DIR ROUNDS table|json

The peers are those of protobuf that Debian has: nanopb, protobuf-c, and protoc for
C++; one that is missing is left out. Measured, as medians of interleaved rounds:
the time of one run of the generator, the bytes that it makes, the time to compile
them, and how many warnings that gives under the warning set of larder (for C++
without what is C's alone). And the time that a source takes which includes
product_cache.h, against one with nothing but its plain structs and enums.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BOTH = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align -Wundef -Wvla -Wformat=2".split()
FOR_C = BOTH + "-Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference -Wstrict-prototypes -Wmissing-prototypes".split()
C = ["gcc", "-std=c11", "-D_GNU_SOURCE"]
CXX = ["g++", "-std=c++17"]


class Generator:
    def __init__(self, name, command, sources, compiler, include=()):
        self.name = name
        self.command = command  # {out}: where to
        self.sources = sources
        self.compiler = compiler
        self.include = [flag for folder in include for flag in ("-I", folder)]
        self.generate_ms = []
        self.compile_ms = []

    def run(self, out):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        self.generate_ms.append(timed([word.replace("{out}", out) for word in self.command], cwd=HERE))
        self.bytes = sum(os.path.getsize(os.path.join(out, name)) for name in os.listdir(out))
        self.compile_ms.append(
            sum(timed(self.compile(out, source, ["-O2"])) for source in self.sources))

    def compile(self, out, source, flags):
        return self.compiler + flags + ["-I", out] + self.include + ["-c", os.path.join(out, source), "-o", "/dev/null"]

    def warnings(self, out):
        flags = ["-O2"] + (FOR_C if self.compiler is C else BOTH)
        count = 0
        for source in self.sources:
            done = subprocess.run(self.compile(out, source, flags), stderr=subprocess.PIPE, text=True, check=True)
            count += done.stderr.count("warning:")
        return count


def timed(command, cwd=None):
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def have(*programs):
    return all(shutil.which(program) for program in programs)


def generators(larder):
    yield Generator("larder", [larder, "generate", "-o", "{out}", "message.yaml"], ["message_cache.c"], C,
                    [os.path.join(ROOT, "runtime", "include")])
    if have("protoc", "protoc-gen-nanopb"):
        yield Generator("nanopb", ["protoc", "--nanopb_out={out}", "message.proto"], ["message.pb.c"], C,
                        ["/usr/include/nanopb"])
    if have("protoc-c"):
        yield Generator("protobuf-c", ["protoc-c", "--c_out={out}", "message.proto"], ["message.pb-c.c"], C)
    if have("protoc", "g++") and os.path.exists("/usr/include/google/protobuf/message.h"):
        yield Generator("protoc (C++)", ["protoc", "--cpp_out={out}", "message.proto"], ["message.pb.cc"], CXX)


class Table:
    def __init__(self, form):
        self.form = form
        if form == "table":
            print(f"{'case':<34} {'peer':<32} {'ours':>10} {'peer' + chr(39) + 's':>10} {'unit':<6} {'ratio':>6}")

    def row(self, case, peer, ours, peers, unit):
        ratio = ours / peers if peers else float("nan")
        if self.form == "json":
            print(json.dumps({"table": "generator", "case": case, "peer": peer, "ours": ours, "peers": peers,
                              "unit": unit, "ratio": ratio if peers else None}))
        else:
            print(f"{case:<34} {peer:<32} {ours:>10.4g} {peers:>10.4g} {unit:<6} {ratio:>6.3f}", flush=True)


def compare(table, larder, work, rounds):
    all_of_them = list(generators(larder))
    for _ in range(rounds + 1):
        for generator in all_of_them:
            generator.run(os.path.join(work, generator.name.split()[0]))
    figures = {}
    for generator in all_of_them:
        figures[generator.name] = {
            "generate": (statistics.median(generator.generate_ms[1:]), "ms"),
            "generated": (generator.bytes, "bytes"),
            "compile": (statistics.median(generator.compile_ms[1:]), "ms"),
            "warnings": (generator.warnings(os.path.join(work, generator.name.split()[0])), ""),
        }
    for case in ("generate", "generated", "compile", "warnings"):
        for generator in all_of_them[1:]:
            ours, unit = figures["larder"][case]
            table.row(f"16 fields: {case}", generator.name, ours, figures[generator.name][case][0], unit)


# Needed by the structs and declared in larder.h.
OF_LARDER = r"struct larder_(?:bytes|uuid|\w+_list) \{.*?\n\};"


def plain_structs(header, larder_header):
    """The structs and enums of a generated header, and what of larder's they are made of."""
    blocks = re.findall(r"^(?:struct|enum) \w+ \{\n.*?^\};", header, re.S | re.M)
    blocks = [block for block in blocks if "_cache_counters" not in block]
    ours = re.findall(OF_LARDER, larder_header, re.S)
    tags = sorted(set(re.findall(r"struct (\w+)", "\n".join(blocks))))
    return "\n".join(["#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>"] + ours +
                     [f"struct {tag};" for tag in tags] + blocks) + "\n"


def header_cost(table, larder, work, rounds):
    out = os.path.join(work, "header")
    subprocess.run([larder, "generate", "-o", out, os.path.join(ROOT, "schemas", "product.yaml")], check=True)
    include = os.path.join(ROOT, "runtime", "include")
    with open(os.path.join(out, "product_cache.h"), encoding="utf-8") as file:
        header = file.read()
    with open(os.path.join(include, "larder", "larder.h"), encoding="utf-8") as file:
        larder_header = file.read()
    with open(os.path.join(out, "plain.h"), "w", encoding="utf-8") as file:
        file.write(plain_structs(header, larder_header))
    for name in ("product_cache", "plain"):
        with open(os.path.join(out, f"use_{name}.c"), "w", encoding="utf-8") as file:
            file.write(f'#include "{name}.h"\nint use(const struct product *p);\n'
                       "int use(const struct product *p) { return (int)p->id; }\n")
    took = {"product_cache": [], "plain": []}
    for _ in range(4 * rounds + 1):
        for name, times in took.items():
            times.append(timed(C + ["-O2", "-I", out, "-I", include, "-c", os.path.join(out, f"use_{name}.c"),
                                    "-o", "/dev/null"]))
    ours, plain = (statistics.median(took[name][1:]) for name in ("product_cache", "plain"))
    table.row("include product_cache.h", "plain structs", ours, plain, "ms")


def main():
    larder, work, rounds, form = os.path.abspath(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    table = Table(form)
    compare(table, larder, work, rounds)
    header_cost(table, larder, work, rounds)


main()
