# SPDX-License-Identifier: MIT
# What a name behind a message means.
"$LARDER" explain no-jitter
