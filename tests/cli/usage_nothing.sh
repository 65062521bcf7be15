# SPDX-License-Identifier: MIT
# Help nobody asked for is an error: on the standard error.
"$LARDER"
