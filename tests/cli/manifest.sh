# SPDX-License-Identifier: MIT
"$LARDER" generate -o out --manifest out/list "$CLI/shop.yaml"
cat out/list
"$LARDER" check -o out --manifest out/list "$CLI/shop.yaml" && echo current
