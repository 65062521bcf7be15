# SPDX-License-Identifier: MIT
# Made from the table of options, behind any other argument too.
"$LARDER" generate --help
"$LARDER" generate x.yaml -o out --help | cmp - <("$LARDER" generate --help)
