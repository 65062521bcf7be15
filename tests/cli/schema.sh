# SPDX-License-Identifier: MIT
# JSON, the same that lies beside the examples.
"$LARDER" schema | cmp - "$CLI/../../schemas/larder.schema.json" && echo same
"$LARDER" schema product.yaml
