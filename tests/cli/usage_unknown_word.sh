# SPDX-License-Identifier: MIT
# What was meant, of verbs and options alike.
"$LARDER" generat
"$LARDER" tempaltes
"$LARDER" --versoin
"$LARDER" help
"$LARDER" model --formt json x.yaml
"$LARDER" model --format xml x.yaml
