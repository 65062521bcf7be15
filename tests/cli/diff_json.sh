# SPDX-License-Identifier: MIT
sed 's/name: string/name: string?/; /name: string/a\      price: u32' "$CLI/shop.yaml" >new.yaml
"$LARDER" diff --format json "$CLI/shop.yaml" new.yaml | sed "s|$CLI|CLI|g"
exit "${PIPESTATUS[0]}"
