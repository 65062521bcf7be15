# SPDX-License-Identifier: MIT
# For machines: a rule a line.
"$LARDER" explain same-key --format json | python3 -c 'import json, sys; print(*json.load(sys.stdin))'
"$LARDER" explain --format json | python3 -c 'import json, sys; print(len({json.loads(line)["name"] for line in sys.stdin}) > 60)'
