# SPDX-License-Identifier: MIT
# YAML's own message would be of no help.
sed 's/"item:{id:u64}"/{id:u64}:item/' "$CLI/shop.yaml" >shop.yaml
"$LARDER" generate -o out shop.yaml
