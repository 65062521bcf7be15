# SPDX-License-Identifier: MIT
# A name that no message has.
"$LARDER" explain unkown-key
