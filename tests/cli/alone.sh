# SPDX-License-Identifier: MIT
# The program alone, from an empty directory, with no environment: all it needs is in it.
cp "$LARDER" program
mkdir -p elsewhere
cd elsewhere || exit
run() { env -i ../program "$@"; }
run init shop
run generate -o out shop.yaml
run check -o out shop.yaml && echo current
run schema | head -n 1
run templates export mine | head -n 1
