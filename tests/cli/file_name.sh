# SPDX-License-Identifier: MIT
# What is generated is named after the schema, in #include lines too.
cp "$CLI/shop.yaml" 'a "b.yaml'
"$LARDER" generate -o out 'a "b.yaml'
