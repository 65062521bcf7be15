# SPDX-License-Identifier: MIT
#
# Prints `path:line:text` of C sources with block comments and the insides of
# string and character literals left out. `//` outside of them stays: it is
# refused elsewhere.
FNR == 1 { comment = 0 }
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        two = substr($0, i, 2)
        c = substr(two, 1, 1)
        if (comment) {
            if (two == "*/") { comment = 0; i++ }
        } else if (two == "/*") {
            comment = 1
            i++
        } else if (two == "//") {
            out = out substr($0, i)
            break
        } else if (c == "\"" || c == "'") {
            for (i++; i <= n && substr($0, i, 1) != c; i++)
                if (substr($0, i, 1) == "\\") i++
            out = out c c
        } else {
            out = out c
        }
    }
    print FILENAME ":" FNR ":" out
}
