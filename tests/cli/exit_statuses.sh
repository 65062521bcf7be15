# SPDX-License-Identifier: MIT
# Each of them as a script would see it; 4 is for `diff`, and 70 for bugs.
try() {
  "$LARDER" "$@" >/dev/null 2>&1
  echo "$? larder $*"
}
echo "larder: 1" >wrong.yaml
"$LARDER" init shop
try generate -o out shop.yaml
try check -o out shop.yaml
try schema
try generate -o out wrong.yaml
try generate -Werror -o out shop.yaml
try generate shop.yaml
try none
try
echo "/* edited */" >>out/shop_cache.h
try check -o out shop.yaml
try generate -o out missing.yaml
try generate -o shop.yaml shop.yaml
try model missing.yaml
try init shop
try init 1
try templates diff none
try templates export mine
try templates diff mine
echo >>mine/c/read.mustache
try templates diff mine
try templates export mine
try render none.mustache none.yaml
