# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # the parts set variables for each other
# The plots of the report.

# draw NAME bars|lines TITLE X-AXIS Y-AXIS: from lines on standard input (plot.awk), as NAME.svg.
draw() {
	awk -v kind="$2" -v title="$3" -v x_axis="$4" -v y_axis="$5" -f "$here/plot.awk" \
		>"$root_of_build/plots/$1.svg" || fail "the plot $1 cannot be drawn"
}

# print_plot NAME TEXT: a plot in the report, and what it says for who cannot see it.
print_plot() {
	printf '\n![%s](plots/%s.svg)\n\n' "$2" "$1"
}
