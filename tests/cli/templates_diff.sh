# SPDX-License-Identifier: MIT
# What differs, as a patch; what has no counterpart; not what is absent, which the program has.
"$LARDER" templates export mine >/dev/null
rm mine/c/write.mustache mine/c/cache.*
"$LARDER" templates diff mine && echo nothing
sed -i -e '1d' -e '$s/$/ mine/' mine/c/read.mustache
echo mine >mine/c/helper.mustache
echo notes >mine/c/README
"$LARDER" templates diff mine
echo "exit status $?"
"$LARDER" templates diff --format json mine
echo "exit status $?"
"$LARDER" templates diff none
