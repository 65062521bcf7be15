# SPDX-License-Identifier: MIT
# From the names alone: the schemas need not be there.
"$LARDER" generate --print-outputs -o gen schemas/user.yaml schemas/order.yaml
"$LARDER" generate --print-outputs user.yaml
ls
