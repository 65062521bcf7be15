# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the checks here share. Each check is a program that prints
# `path:line: what is wrong` a finding and exits 1 if there was one.
set -euo pipefail
export LC_ALL=C

lint_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${LARDER_SOURCE_DIR:-$(cd "$lint_dir/../.." && pwd)}
cd "$root"

# files [FIND-EXPRESSION…]: ours, one a line; what was built is not.
files() {
  find . \( -path ./build -o -path ./.git -o -path ./.cache -o -name __pycache__ \) -prune \
    -o -type f "$@" -print | sed 's|^\./||' | sort
}

# c_files [FOLDER…]: C and C++ sources, headers and tables.
c_files() {
  local folder
  for folder in "${@:-.}"; do
    [ -d "$folder" ] || continue
    find "$folder" \( -path ./build -o -path ./.git \) -prune \
      -o -type f \( -name '*.c' -o -name '*.h' -o -name '*.def' -o -name '*.cc' \) -print
  done | sed 's|^\./||' | sort
}

# code FILE…: `path:line:text`, with comments and the insides of literals blanked.
code() {
  [ $# -eq 0 ] || awk -f "$lint_dir/code.awk" "$@"
}

# finish FINDINGS: prints them and gives the exit status.
finish() {
  [ -z "$1" ] || { printf '%s\n' "$1"; exit 1; }
}
