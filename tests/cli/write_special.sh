# SPDX-License-Identifier: MIT
# Nothing is written through a link in a file's place, none is waited for, and what is there stays.
cp "$CLI/shop.yaml" .
echo precious >target
try() {
    "$LARDER" generate "$@" shop.yaml
    echo "$*: $?"
}
mkdir linked dangling folder pipe plain
ln -s ../target linked/shop_cache.h
ln -s ../nowhere dangling/shop_cache.c
mkdir folder/shop_cache.c
mkfifo pipe/shop_cache.h fifo
ln -s loop2 loop1
ln -s loop1 loop2
ln -s target stamp
for out in linked dangling folder pipe loop1 shop.yaml /proc/nothing; do
    try -o "$out"
done
for option in --stamp --depfile --manifest; do
    try -o plain "$option" fifo
    try -o plain "$option" stamp
    try -o plain "$option" folder
done
# A directory behind a link, or by .., is one.
ln -s plain elsewhere
try -o elsewhere/../plain/./
ls linked dangling folder pipe plain nowhere 2>&1 | grep -v '^$'
cat target
