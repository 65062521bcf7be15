# SPDX-License-Identifier: MIT
printf 'larder: 1\nlarder: 2\n' >shop.yaml
"$LARDER" generate -o out --format json shop.yaml
