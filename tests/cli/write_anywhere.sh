# SPDX-License-Identifier: MIT
# The same bytes wherever it runs and however the schema is named.
cp "$CLI/shop.yaml" .
mkdir sub
"$LARDER" generate -o one shop.yaml
(cd sub && "$LARDER" generate -o ../two "$PWD/../shop.yaml")
diff -r one two && echo same
