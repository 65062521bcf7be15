# SPDX-License-Identifier: MIT
# All names; the table itself is tried by tests/rules.
"$LARDER" explain | head -n 3
