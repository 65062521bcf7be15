# SPDX-License-Identifier: MIT
# What there is, on the standard output.
"$LARDER" --help
