# SPDX-License-Identifier: MIT
# What is there is never overwritten, be it what init wrote itself.
"$LARDER" init product
echo '# edited' >>product.yaml
"$LARDER" init product
status=$?
tail -n 1 product.yaml
exit $status
