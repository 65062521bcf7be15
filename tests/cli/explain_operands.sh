# SPDX-License-Identifier: MIT
# One name at a time.
"$LARDER" explain same-key same-tag
