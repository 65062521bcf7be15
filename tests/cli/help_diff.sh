# SPDX-License-Identifier: MIT
"$LARDER" diff --help
