# SPDX-License-Identifier: MIT
#
# Input: `path:line:#include …`; prints what `table` does not allow.
BEGIN {
    # Which headers belong to a library that only some rooms may use.
    split("yaml.h yaml hiredis hiredis msgpack msgpack lz4 lz4 zstd zstd openssl openssl xxhash xxhash", pair, " ")
    for (i = 1; i in pair; i += 2) library[pair[i]] = pair[i + 1]
    while ((getline row < table) > 0) {
        if (row ~ /^#/ || row ~ /^[ ]*$/) continue
        split(row, column, "|")
        gsub(/ /, "", column[1])
        room = column[1]
        known[room] = 1
        n = split(column[2] " " column[3], word, " ")
        for (i = 1; i <= n; i++) may[room, word[i]] = 1
    }
}

# The room of a path: two folders deep, or the half itself.
function room_of(path,    part, n) {
    n = split(path, part, "/")
    return n > 2 ? part[1] "/" part[2] : part[1]
}

function finding(text) { print $0 ": " text }

{
    split($0, field, ":")
    path = field[1]
    room = room_of(path)
    half = path
    sub(/\/.*/, "", half)
    name = $0
    sub(/^[^:]*:[^:]*:[^<"]*[<"]/, "", name)
    sub(/[>"].*$/, "", name)
}

!(room in known) { finding("no row for " room " in layers.txt"); next }

/include[ \t]*</ {
    if (name ~ /^larder\//) {
        if (half != "runtime") finding("the generator may not include the runtime's headers")
        next
    }
    for (start in library)
        if (index(name, start) == 1 && !((room, library[start]) in may))
            finding(room " may not include " library[start])
    next
}

{
    wanted = name ~ /\// ? name : ""
    sub(/\/.*/, "", wanted)
    if (wanted == "") wanted = half # beside the verbs
    if (wanted == half && room == half) next
    if (half "/" wanted == room) next
    if ((room, wanted) in may || (room, name) in may) next
    finding(room " may not include " (name ~ /\// ? half "/" wanted : name))
}
