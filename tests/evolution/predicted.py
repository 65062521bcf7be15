# SPDX-License-Identifier: MIT
"""What `larder diff` says of the changes, held against what was seen.

For each change and direction: the kinds of things that became of entries are
exactly those that the findings name, and the verdict is the table's.
"""

import json
import subprocess

from roundtrip import wrong

VALUE, ABSENT, DEFAULT, MISS, WRONG = "value", "absent", "default", "miss", "wrong"


def findings_of(larder, old, new):
    """By entity of the new schema."""
    command = [larder, "diff", "--wire-only", "--format", "json", old, new]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 4 or done.stderr:
        wrong(" ".join(command), f"exit {done.returncode}\n{done.stderr[:2000]}")
    found = {}
    for line in done.stdout.splitlines():
        finding = json.loads(line)
        for entity in finding["entities"]:
            found.setdefault(entity, []).append(finding)
    return found


def together(findings, side):
    """Of one entry, to which all of them apply: a miss hides what else would be; the value is seen where nothing else is."""
    sets = [set(finding[side]) for finding in findings]
    if {MISS} in sets:
        return {MISS}
    seen = set().union(*sets)
    return seen if all(VALUE in one for one in sets) else seen - {VALUE}


def kinds(sights):
    """Of what was seen, in the words of the diff."""
    seen = set()
    for sight in sights:
        if sight.kind == "miss":
            seen.add(MISS)
        elif sight.kind == "wrong":
            seen.add(WRONG)
        elif sight.kind == "same":
            seen.add(VALUE)
        else:
            seen |= {ABSENT} if " absent" in sight.words else set()
            seen |= {DEFAULT} if " is its default" in sight.words else set()
    return seen


def check_sights(one, findings):
    sides = (("old_sees", one.by_old, one.without[:1]), ("new_sees", one.by_new, one.without[1:]))
    for side, sights, without in sides:
        said, seen = together(findings, side) if findings else {VALUE}, kinds(sights + without)
        if said != seen:
            wrong(one.change.title, f"diff: {side} {sorted(said)}, but what was seen is {sorted(seen)}")


def check_verdict(one, findings):
    breaking = any(finding["severity"] == "breaking" for finding in findings)
    if breaking == (one.change.compatible or one.change.meant):
        wrong(one.change.title, f"diff: {'breaking' if breaking else 'compatible'}, but the table says: {one.verdict()}")


def check_taken_as(one, findings, other):
    """Two changes that the schemas do not tell apart: the finding is the same, and warns."""
    rules = [[finding["id"] for finding in each] for each in (findings, other)]
    if rules[0] != rules[1] or not all("if it is another field" in finding["advice"] for finding in findings):
        wrong(one.change.title, f"diff: {rules[0]}, but its schemas are those of '{one.change.taken_as}': {rules[1]}")


def check(larder, old, new, seen):
    found = findings_of(larder, old.path, new.path)
    by_title = {one.change.title: found.get(entity.name, []) for one, entity in zip(seen, new.schema.entities)}
    for one in seen:
        findings = by_title[one.change.title]
        if one.change.taken_as:
            check_taken_as(one, findings, by_title[one.change.taken_as])
            continue
        check_sights(one, findings)
        check_verdict(one, findings)
