# SPDX-License-Identifier: MIT
# What is written beside the generated files is no schema, by whatever path, and none of those; nothing is lost.
cp "$CLI/shop.yaml" .
ln -s shop.yaml link.yaml
mkdir sub
for option in --stamp --depfile --manifest; do
    for path in shop.yaml sub/../shop.yaml out/shop_cache.h ./out/../out/shop_cache.c; do
        "$LARDER" generate -o out "$option" "$path" shop.yaml
        echo "$option $path: $?"
    done
    "$LARDER" generate -o out "$option" shop.yaml link.yaml
    mkdir -p out
    "$LARDER" generate -o out shop.yaml
done
cmp shop.yaml "$CLI/shop.yaml" && head -qn1 out/shop_cache.h
