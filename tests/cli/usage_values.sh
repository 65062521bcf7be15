# SPDX-License-Identifier: MIT
# A value that is missing, one too many, the same twice, none where one is needed.
"$LARDER" generate x.yaml -o
"$LARDER" generate --print-outputs=yes x.yaml
"$LARDER" generate -o a -o b x.yaml
"$LARDER" generate x.yaml
"$LARDER" model --format xml x.yaml
