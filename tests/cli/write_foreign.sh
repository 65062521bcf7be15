# SPDX-License-Identifier: MIT
# A file that larder did not make is never overwritten, and stops the others.
mkdir out
echo 'int mine;' >out/shop_cache.h
"$LARDER" generate -o out "$CLI/shop.yaml"
status=$?
ls out
cat out/shop_cache.h
exit $status
