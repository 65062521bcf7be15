# SPDX-License-Identifier: MIT
# Each verb has a page of its own; those of generate and of larder are cases of their own.
for verb in $("$LARDER" --help | sed -n "/^Verbs:/,/^\$/s/^  \([a-z]*\) .*/\1/p"); do
  [ "$verb" = generate ] || "$LARDER" "$verb" --help || echo "exit status $?"
  echo
done
