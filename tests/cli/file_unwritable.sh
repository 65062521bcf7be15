# SPDX-License-Identifier: MIT
echo x >file
"$LARDER" generate -o file/out "$CLI/shop.yaml"
