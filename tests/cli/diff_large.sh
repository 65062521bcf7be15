# SPDX-License-Identifier: MIT
# An enum of thousands turned around, a chain of types as long as a file, and
# thousands of entities that all lead to a thousand changed types: within the
# test's time.
head='larder: 1\nservice: shop\ntypes:\n'
write_enum() {
    printf "$head  Many: { enum: [%s] }\n" "$1"
    printf 'entities:\n  a: { key: "a:{id:u64}", fields: { many: Many } }\n'
}
write_chain() { # how many, what more, entities
    printf "$head"
    seq 0 $(($1 - 1)) | awk -v more="$2" '{ print "  T" $1 ": { fields: { x: T" ($1 + 1) "?" more " } }" }'
    printf '  T%d: { fields: { x: u32 } }\nentities:\n' "$1"
    seq "$3" | awk '{ print "  a" $1 ": { key: \"a" $1 ":{id:u64}\", fields: { x: T0? } }" }'
}
compare() {
    "$LARDER" diff --wire-only old.yaml new.yaml | tail -1
}
write_enum "$(seq -s, -f 'e%.0f' 20000)" >old.yaml
write_enum "$(seq -s, -f 'e%.0f' 20000 -1 1)" >new.yaml
compare
write_chain 12000 '' 1 >old.yaml
write_chain 12000 ', y: u8?' 1 >new.yaml
compare
write_chain 1000 '' 5000 >old.yaml
write_chain 1000 ', y: u8?' 5000 >new.yaml
compare
