# SPDX-License-Identifier: MIT
# Nothing that has the place of a directory is touched.
: >schemas
"$LARDER" init -o schemas/product.yaml product
