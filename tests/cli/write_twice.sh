# SPDX-License-Identifier: MIT
# Two schemas with one file name would write one file.
mkdir a b
cp "$CLI/shop.yaml" a/
cp "$CLI/shop.yaml" b/
"$LARDER" generate -o out a/shop.yaml b/shop.yaml
