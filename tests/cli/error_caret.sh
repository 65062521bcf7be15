# SPDX-License-Identifier: MIT
# The line, a caret under the place, and what was probably meant.
sed 's/ttl: items/tttl: items/' "$CLI/shop.yaml" >shop.yaml
"$LARDER" generate -o out shop.yaml
