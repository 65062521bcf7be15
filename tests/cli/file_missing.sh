# SPDX-License-Identifier: MIT
mkdir folder.yaml
"$LARDER" generate -o out none.yaml folder.yaml
