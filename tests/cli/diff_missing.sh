# SPDX-License-Identifier: MIT
"$LARDER" diff none.yaml "$CLI/shop.yaml"
