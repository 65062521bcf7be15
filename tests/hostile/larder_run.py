# SPDX-License-Identifier: MIT
"""Runs larder as a person does, and compiles what it made as a service does."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

LARDER = os.environ["LARDER"]
RUNTIME = os.path.join(os.environ["LARDER_SOURCE_DIR"], "runtime", "include")
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
COMPILERS = [(c, cxx) for c, cxx in (("gcc", "g++"), ("clang", "clang++")) if shutil.which(c)]

failures = []


def fail(what, text=""):
    failures.append(what)
    sys.stderr.write("FAILED: %s\n%s\n" % (what, text.strip()[:2000]))


def finish(summary):
    print("%s, %d failed" % (summary, len(failures)))
    sys.exit(1 if failures else 0)


def larder(*arguments, cwd=None):
    """(exit status, what it said)."""
    done = subprocess.run([LARDER, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def is_refused(status, said, name):
    """Refused as it should be: exit 1, at a line and column of the schema, and by a rule that has a name."""
    located = re.search(r"^%s:\d+:\d+: error: .*\[[a-z-]+\]$" % re.escape(name), said, re.M)
    return status == 1 and located is not None


def _compile(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return command, done.returncode, done.stdout.decode("utf-8", "replace")


def compile_all(commands):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for command, status, said in pool.map(_compile, commands):
            if status != 0:
                fail(" ".join(command), said)


def as_c(path, *flags):
    return [[c, "-std=c11", *WARNINGS, "-I", RUNTIME, *flags, path] for c, _ in COMPILERS]


def as_cxx(path, *flags):
    return [[cxx, "-x", "c++", "-std=c++17", *WARNINGS, "-I", RUNTIME, *flags, path] for _, cxx in COMPILERS]
