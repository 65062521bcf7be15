# SPDX-License-Identifier: MIT
# The three findings, and none.
"$LARDER" generate -o out "$CLI/shop.yaml"
"$LARDER" check -o out "$CLI/shop.yaml" && echo current
cp out/shop_cache.c out/old_cache.c
echo '/* edited */' >>out/shop_cache.c
rm out/shop_cache.h
"$LARDER" check -o out --format json "$CLI/shop.yaml"
"$LARDER" check -o out "$CLI/shop.yaml"
