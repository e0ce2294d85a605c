# SPDX-License-Identifier: GPL-3.0-or-later
#
# Finds the examples in a document (README.md, or a man page's source): lines "$ command" inside a code block
# (``` … ```, .nf … .fi), and below each the output it shows. Writes them as DIR/N.cmd and DIR/N.out; prints N.
# A line "…" in an output stands for any lines. Needs -v dir=DIR.

function plain(s) {
    gsub(/\\-/, "-", s)
    gsub(/\\\(aq/, "'", s)
    gsub(/\\\(dq/, "\"", s)
    gsub(/\\f[A-Z]/, "", s)
    gsub(/\\&/, "", s)
    gsub(/\\e/, "\\", s)
    return s
}

function finish() {
    if (cmd)
        close(cmd)
    if (out)
        close(out)
    cmd = out = ""
}

/^```/ { inside = !inside; finish(); next }
/^\.nf/ { inside = roff = 1; next }
/^\.fi/ { inside = 0; finish(); next }
!inside { next }
{ line = roff ? plain($0) : $0 }
line ~ /^ *\$ / {
    finish()
    n++
    cmd = dir "/" n ".cmd"
    out = dir "/" n ".out"
    sub(/^ *\$ /, "", line)
    print line > cmd
    next
}
cmd && line !~ /^ *#/ { print line > out }
END { finish(); print n + 0 }
