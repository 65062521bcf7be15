# SPDX-License-Identifier: MIT
# Output that does not arrive is a failure.
"$LARDER" model "$CLI/shop.yaml" >/dev/full
