# SPDX-License-Identifier: MIT
# What is no file of types is not included, whatever it is, and none is waited for.
mkfifo pipe
mkdir folder
ln -s loop2 loop1
ln -s loop1 loop2
ln -s /dev/zero zero
echo 'root:x:0:0:root:/root:/bin/sh' >passwd
printf '\0\1\2' >binary
for path in /etc/passwd /dev/zero folder/../passwd zero pipe folder loop1 binary '' . 'passwd/' '%s%n' '$(touch canary)'; do
    printf "larder: 1\nservice: shop\ninclude: ['%s']\nentities: {t: {key: t, ttl_only: true, value: u64}}\n" "$path" >shop.yaml
    "$LARDER" generate -o out shop.yaml 2>&1 | grep error
done
ls
