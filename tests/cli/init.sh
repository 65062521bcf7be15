# SPDX-License-Identifier: MIT
# A schema to begin with: under its name, or where -o says; it generates without a warning.
"$LARDER" init product
cat product.yaml
"$LARDER" init -o schemas/my_shop.yaml
sed -n 's/^service: //p' schemas/my_shop.yaml
mkdir depot
(cd depot && "$LARDER" init && ls)
"$LARDER" generate -Werror -o out product.yaml schemas/my_shop.yaml depot/depot.yaml
ls out
