# SPDX-License-Identifier: MIT
# Nothing of a file reaches the terminal raw, nor does colour a file.
printf 'larder: 1 # \033[31m\na: b: c # \302\233\n' >shop.yaml
"$LARDER" generate -o out shop.yaml 2>errors
grep -c "$(printf '[\033\302]')" errors
cat errors >&2
