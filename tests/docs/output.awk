# SPDX-License-Identifier: GPL-3.0-or-later
#
# Whether the second file is what the first one shows: line by line, blanks at the end aside; a line "…" in the
# first stands for any lines. Says where they part.

{ sub(/[ \t]+$/, "") }
NR == FNR { want[++wants] = $0; next }
{ got[++gots] = $0 }
END {
    while (wants && want[wants] == "")
        wants--
    for (i = j = 1; i <= wants; i++) {
        if (want[i] == "…") {
            if (i == wants)
                exit 0
            while (j <= gots && got[j] != want[i + 1])
                j++
        } else if (j > gots || got[j] != want[i]) {
            printf "document: %s\nprogram:  %s\n", want[i], (j > gots ? "(end)" : got[j])
            exit 1
        } else
            j++
    }
    if (j <= gots) {
        printf "document: (end)\nprogram:  %s\n", got[j]
        exit 1
    }
}
