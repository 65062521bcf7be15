# SPDX-License-Identifier: MIT
# The old schema from a pipe, what it includes from -I.
mkdir types
printf 'larder: 1\ntypes:\n  Money: { fields: { cents: u32 } }\n' >types/money.yaml
printf 'larder: 1\nservice: shop\ninclude: [money.yaml]\nentities:\n  product: { key: "p:{id:u64}", fields: { price: Money } }\n' >old.yaml
sed 's/price/cost/' old.yaml >new.yaml
"$LARDER" diff --wire-only -I types <(cat old.yaml) new.yaml | sed -E 's|/dev/fd/[0-9]+|PIPE|'
