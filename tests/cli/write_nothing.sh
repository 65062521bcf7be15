# SPDX-License-Identifier: MIT
# One broken schema of two: nothing is written, not even for the other.
cp "$CLI/shop.yaml" good.yaml
printf 'larder: 1\nservice: bad\nentites: {}\n' >bad.yaml
"$LARDER" generate -o out --stamp stamp --depfile dep --manifest list good.yaml bad.yaml 2>/dev/null
status=$?
ls
exit $status
