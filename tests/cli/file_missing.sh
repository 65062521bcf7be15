# SPDX-License-Identifier: MIT
"$LARDER" generate -o out none.yaml .
