# SPDX-License-Identifier: MIT
# The whole language: the model holds what this version cannot generate yet.
"$LARDER" model "$CLI/../errors/specimen.yaml" | python3 -c '
import json, sys
POLICIES = """of members jitter_ppm version max_bytes compress ttl_only replica_ok sliding max_age_ms absent_ms
    redelete_after_ms near stale refresh_ahead rate indexes has_changed is_reached""".split()
def brief(value):
    return json.dumps(value, separators=(",", ":"))
model = json.load(sys.stdin)
for entity in model["entities"]:
    print(entity["name"], entity["kind"], entity["pattern"], "|", entity["lifetime"])
    for name in POLICIES:
        if entity[name]:
            print("  ", name, brief(entity[name]))
    print("   reached_by", brief(entity["reached_by"]))
    assert [kind for kind, on in entity["is"].items() if on] == [entity["kind"]]
for event in model["events"]:
    for edge in event["reaches"]:
        print(event["name"], brief(edge))
for tag in model["tags"]:
    print(brief(tag))
'
