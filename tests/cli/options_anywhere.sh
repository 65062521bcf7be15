# SPDX-License-Identifier: MIT
# In any order and spelling; behind -- there are operands only.
cp "$CLI/shop.yaml" ./-o.yaml
cp "$CLI/shop.yaml" shop.yaml
"$LARDER" generate shop.yaml -oout && ls out
"$LARDER" check --emit=c -o out -- shop.yaml && echo same
"$LARDER" generate --print-outputs -o out -- shop.yaml
"$LARDER" generate --print-outputs -- -o.yaml
