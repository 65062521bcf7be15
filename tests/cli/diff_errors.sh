# SPDX-License-Identifier: MIT
# Of both schemas; warnings are of no interest here.
printf 'larder: 1\nservice: shop\nentities:\n  a: { key: "a", list: string }\n  b: { key: "b" }\n' >old.yaml
printf 'larder: 1\nservice: shop\nentities:\n  a: { key: "a", list: string, tttl: 5m }\n' >new.yaml
"$LARDER" diff old.yaml new.yaml
