# SPDX-License-Identifier: MIT
# On a terminal words and carets are coloured; with NO_COLOR, on a dumb one and in a file nothing is.
echo "larder: 2" >shop.yaml
cat >terminal.py <<END
import os, pty, sys
read = lambda fd: os.read(fd, 4096)
pty.spawn(sys.argv[1:], read)
END
on_terminal() { python3 terminal.py "$@" | tr -d "\r" | sed "s/$(printf "\033")/ESC/g"; }
export TERM=xterm
on_terminal "$LARDER" model shop.yaml
echo "NO_COLOR:"
NO_COLOR=1 on_terminal "$LARDER" model shop.yaml
echo "an empty NO_COLOR:"
NO_COLOR="" on_terminal "$LARDER" model shop.yaml | grep -c ESC
echo "TERM=dumb:"
TERM=dumb on_terminal "$LARDER" model shop.yaml | grep -c ESC
echo "a file:"
"$LARDER" model shop.yaml 2>&1 | grep -c "$(printf "\033")"
