# SPDX-License-Identifier: MIT
# The same bytes wherever it runs, whoever runs it, and however the schema is named.
cp "$CLI/shop.yaml" .
mkdir sub
"$LARDER" generate -o one shop.yaml
(cd sub && "$LARDER" generate -o ../two "$PWD/../shop.yaml")
diff -r one two && echo same
for locale in $(locale -a 2>/dev/null) tr_TR.UTF-8; do
    rm -rf three
    (umask 077 && env -i LC_ALL="$locale" LANGUAGE=tr TZ=Asia/Tokyo HOME=/nowhere USER=nobody COLUMNS=20 \
        SOURCE_DATE_EPOCH=1 "$LARDER" generate -o three shop.yaml)
    diff -r one three || echo "$locale differs"
done
echo 'same in every locale'
