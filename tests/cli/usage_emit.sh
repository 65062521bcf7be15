# SPDX-License-Identifier: MIT
# Other artefacts are of later versions; nothing is written meanwhile.
"$LARDER" generate -o out --emit c,dashboard "$CLI/shop.yaml"
status=$?
ls
exit $status
