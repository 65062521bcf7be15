# SPDX-License-Identifier: MIT
"$LARDER" generat
