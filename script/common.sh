# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts here share. Every script runs from the top of the tree.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }

# build PRESET [FOLDER [CMAKE-OPTION…]]: configures and builds, into
# build/PRESET unless told where, with a job a processor; prints much only when
# it fails.
build() {
  local preset=$1 folder=${2:-build/$1}
  local log="$folder.log"
  shift "$(($# < 2 ? $# : 2))"
  mkdir -p "$folder"
  if ! { cmake --preset "$preset" -B "$folder" "$@" && cmake --build "$folder" --parallel "$(nproc)"; } >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "building $folder failed; all of it: $log" >&2
    return 1
  fi
  echo "built $folder"
}
