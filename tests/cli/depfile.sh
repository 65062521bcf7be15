# SPDX-License-Identifier: MIT
# Make and Ninja read it: paths are absolute, blanks escaped.
mkdir 'a b$c#'
cp "$CLI/shop.yaml" 'a b$c#/shop.yaml'
"$LARDER" generate -o out --depfile out.d --stamp 'a stamp' 'a b$c#/shop.yaml'
cat out.d
[ -e 'a stamp' ] && echo stamped
"$LARDER" generate -o out --depfile out.d 'a b$c#/shop.yaml'
head -n 1 out.d
