# SPDX-License-Identifier: MIT
# The context that templates see.
"$LARDER" model "$CLI/shop.yaml" | python3 -c 'import json, sys; print(json.load(sys.stdin)["service"])'
