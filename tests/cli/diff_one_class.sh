# SPDX-License-Identifier: MIT
# A field's new name is nothing to the fleet and something to the callers.
sed 's/name:/title:/' "$CLI/shop.yaml" >new.yaml
"$LARDER" diff --wire-only "$CLI/shop.yaml" new.yaml | grep -o '\[.*\]$'
echo "wire ${PIPESTATUS[0]}"
"$LARDER" diff --api-only "$CLI/shop.yaml" new.yaml | grep -o '\[.*\]$'
echo "api ${PIPESTATUS[0]}"
"$LARDER" diff --allow api-member-renamed "$CLI/shop.yaml" new.yaml | grep -o '\[.*\]$'
echo "allowed ${PIPESTATUS[0]}"
