# SPDX-License-Identifier: MIT
# A file whose bytes are the same is not touched; one that differs is put right.
"$LARDER" generate -o out "$CLI/shop.yaml"
stat -c '%i %y' out/* >before
"$LARDER" generate -o out "$CLI/shop.yaml"
stat -c '%i %y' out/* | cmp - before && echo untouched
cp -r out copy
echo '/* edited */' >>out/shop_cache.c
"$LARDER" generate -o out "$CLI/shop.yaml"
diff -r out copy && echo restored
