# SPDX-License-Identifier: MIT
# What build-aux/tidy asks of a script or makefile.

function finding(line, what) {
	print FILENAME ":" line ": " what
}

function columns(text,   width, i, c) {
	gsub(/[\200-\277]/, "", text)
	width = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		width += c == "\t" ? 8 - width % 8 : 1
	}
	return width
}

FNR <= 2 && /SPDX-License-Identifier: MIT/ { licensed = 1 }
/[ \t]$/ { finding(FNR, "white space at the end of the line") }
length($0) > 12 && columns($0) > 100 { finding(FNR, "line of more than 100 columns") }
/(^|[^A-Za-z0-9_])(TO[D]O|FIX[M]E|XX[X])([^A-Za-z0-9_]|$)/ { finding(FNR, "leftover: " $0) }

END {
	if (!licensed)
		finding(1, "no SPDX line at the top")
}
