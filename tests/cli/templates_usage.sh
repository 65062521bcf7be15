# SPDX-License-Identifier: MIT
"$LARDER" templates
"$LARDER" templates list mine
"$LARDER" templates export
