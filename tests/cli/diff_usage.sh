# SPDX-License-Identifier: MIT
"$LARDER" diff "$CLI/shop.yaml"
echo $?
"$LARDER" diff --wire-only --api-only "$CLI/shop.yaml" "$CLI/shop.yaml"
echo $?
"$LARDER" diff --allow wire-filed-removed "$CLI/shop.yaml" "$CLI/shop.yaml"
