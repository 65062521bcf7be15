# SPDX-License-Identifier: MIT
# Names that are none, and the one that was meant.
"$LARDER" init my-shop
"$LARDER" init 2shop
"$LARDER" init larder
"$LARDER" init -o 'sub dir/my.shop-two.yaml'
"$LARDER" init "$(printf 'a%.0s' {1..64})"
status=$?
ls
exit $status
