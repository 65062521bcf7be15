# SPDX-License-Identifier: MIT
printf 'Hello {{name}}!\n' >a.mustache
printf '{"name": "<tea>"}' >data.json
"$LARDER" render a.mustache data.json
"$LARDER" render --escape none a.mustache data.json
