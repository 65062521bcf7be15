# SPDX-License-Identifier: MIT
# To a directory that is made; again, over what is equal; not over what somebody changed, but by --force.
"$LARDER" templates export mine | head -n 2
"$LARDER" generate -o out --templates mine "$CLI/shop.yaml" && "$LARDER" check -o out "$CLI/shop.yaml" && echo equal
"$LARDER" templates export mine | wc -l
echo '<@! mine @>' >>mine/c/read.mustache
rm mine/c/write.mustache
"$LARDER" templates export mine
echo "exit status $?"
ls mine/c
"$LARDER" templates export --force mine | wc -l
"$LARDER" templates diff mine && echo as built in
