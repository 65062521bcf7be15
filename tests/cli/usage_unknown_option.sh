# SPDX-License-Identifier: MIT
"$LARDER" generate --depfil=x -o out "$CLI/shop.yaml"
