# SPDX-License-Identifier: MIT
# One object a line, in the order of the places; what was meant apart; files that are not there, too.
cat >shop.yaml <<END
larder: 1
service: shop
entities:
  item:
    key: "item:{id:u64}"
    tttl: 5m
    fields: { id: u64, name: strin }
END
"$LARDER" generate -o out --format json shop.yaml none.yaml
echo "exit status $?"
"$LARDER" check -o out --format json shop.yaml 2>&1 | python3 -c "
import json, sys
for line in sys.stdin:
    found = json.loads(line)
    print(found[\"severity\"], found[\"line\"], found[\"column\"], found[\"id\"], found[\"suggestion\"])"
"$LARDER" model --format json shop.yaml 2>&1 | wc -l
