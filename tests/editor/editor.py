#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `larder schema` prints, as an editor would use it.

- It is a JSON Schema draft-07, and what lies in schemas/larder.schema.json.
- It takes every schema in the tree that the program takes, but for TYPED_NAMES; and the specimen.
- It refuses the cases of tests/errors/ that are wrong in their structure: every
  one whose errors are all of the rules in STRUCTURAL.
- Every key has a description.

LARDER_UPDATE=1 rewrites schemas/larder.schema.json.
"""
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema
import yaml

ROOT = os.environ["LARDER_SOURCE_DIR"]
COPY = os.path.join(ROOT, "schemas/larder.schema.json")
GOOD = ["schemas/*.yaml", "schemas/common/*.yaml", "tests/golden/*/schema.yaml",
        "tests/golden/*/common/*.yaml", "tests/golden/*/shared/*.yaml",
        "tests/cli/*.yaml", "tests/conformance/*.yaml", "tests/vectors/*.yaml",
        "tests/property/schemas/*.yaml", "tests/property/schemas/shared/*.yaml",
        "tests/fault/*.yaml", "tests/fuzz/*.yaml", "tests/consumer/shop/schemas/*.yaml",
        "bench/*.yaml", "tests/errors/specimen.yaml", "tests/errors/warn-*.yaml",
        "tests/errors/later-*.yaml"]
STRUCTURAL = {"unknown-key", "missing-key", "wrong-type", "not-for-kind", "unknown-warning"}
# They have types or enumerators called null, true or false: no texts, in an editor's YAML.
TYPED_NAMES = ["tests/property/schemas/catalogue.yaml", "tests/property/schemas/chat.yaml"]


class Editor(yaml.CSafeLoader):
    """YAML as editors read it: the core schema of 1.2, where `on` is a text. By
    libyaml: the parser in Python stumbles over `{ type: string? }`."""


Editor.yaml_implicit_resolvers = {}
for tag, pattern, first in [
        ("bool", r"^(true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
        ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", "-+.0123456789"),
        ("null", r"^(~|null|Null|NULL|)$", ["~", "n", "N", ""])]:
    Editor.add_implicit_resolver("tag:yaml.org,2002:" + tag, re.compile(pattern), list(first))
Editor.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def load(path):
    """The document; None where it is no YAML."""
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.load(file, Editor)
    except (yaml.YAMLError, UnicodeDecodeError):
        return None


def rules(path):
    """The rules that a case of tests/errors/ breaks in its own file."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line for line in file if line.startswith("# expect ")]
    own = [line for line in lines if re.match(r"# expect \d+:\d+ ", line)]
    return {re.search(r"\[([a-z0-9-]+)\]\s*$", line).group(1) for line in own}


def undescribed(schema, path="#"):
    """Where a property says nothing of itself."""
    for name, part in schema.get("properties", {}).items():
        if len(part.get("description", "")) < 5:
            yield f"{path}/{name}"
    for name, part in schema.get("definitions", {}).items():
        yield from undescribed(part, f"{path}/{name}")


def main():
    text = subprocess.run([os.environ["LARDER"], "schema"], capture_output=True, check=True).stdout
    if os.environ.get("LARDER_UPDATE"):
        with open(COPY, "wb") as file:
            file.write(text)
    complaints = []
    with open(COPY, "rb") as file:
        if file.read() != text:
            complaints.append(f"{COPY} is not what `larder schema` prints: LARDER_UPDATE=1 rewrites it")
    schema = json.loads(text)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    complaints += [f"{place} has no description" for place in undescribed(schema)]

    good = sorted(path for pattern in GOOD for path in glob.glob(os.path.join(ROOT, pattern))
                  if os.path.relpath(path, ROOT) not in TYPED_NAMES)
    for path in good:
        for error in validator.iter_errors(load(path)):
            complaints.append(f"{path}: refused: {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    refused = structural = 0
    cases = sorted(glob.glob(os.path.join(ROOT, "tests/errors/*.yaml")))
    for path in cases:
        document = load(path)
        wrong = document is not None and not validator.is_valid(document)
        refused += wrong
        if not rules(path) or not rules(path) <= STRUCTURAL or document is None:
            continue
        structural += 1
        if not wrong:
            complaints.append(f"{path}: not refused")
    print(f"{len(good)} good schemas; of {len(cases)} wrong ones {structural} are so in their structure, "
          f"and {refused} are refused")
    if len(good) < 25 or structural < 20:
        complaints.append("too few cases were found")
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
