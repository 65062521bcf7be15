# SPDX-License-Identifier: MIT
"$LARDER" model
"$LARDER" model a b
"$LARDER" generate -o out --
