# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# The same request by more and more busy connections. Some numbers are a trap: the HTTP library's
# own loop stalls when 128 connections, or a multiple of it, are ready at once.

title_of[connections]='64 to 512 busy connections'
numbers_of_connections=(64 127 128 129 256 512)

section_connections() {
	begin_section connections reads
	join_ours_and_bare
	run_turns connections-get "${numbers_of_connections[@]}"
	stop_section
	begin_section connections writes
	start_ours
	join aryavarth ours '' "PUT /keys/b{n} $work/value"
	run_turns connections-put "${numbers_of_connections[@]}"
	stop_section
	note_neighbours connections-get
	note_neighbours connections-put
	note connections:errors "$(awk -F'\t' '/^connections-/ { n += $9 } END { print n + 0 }' \
		"$work/figures")"
	count_of[connections]="${#numbers_of_connections[@]} numbers"
}

# How far two neighbours in one round are apart, the median of that over the rounds, and then the
# worst two: 1 is not at all. More connections may well be faster; that counts as apart, too.
note_neighbours() {
	note "$1:neighbours" "$(awk -F'\t' -v OFS='\t' -v section="$1" '
	$1 == section && $4 == "aryavarth" {
		if ($3 in before) {
			ratio = $5 / before[$3]
			print $2, ratio < 1 ? 1 / ratio : ratio
		}
		before[$3] = $5
	}' "$work/figures" | take_medians | cut -f 2 | sort -g | tail -n 1)"
}

print_connections() {
	cat <<-'END'
		Each connection sends its next request when it has an answer. The numbers around
		128 are there because the epoll loop of the HTTP library stands still when a
		multiple of 128 connections is ready at once; ours has a loop of its own. So has
		the server `libmicrohttpd`, which is the HTTP library alone.

	END
	printf 'Two neighbours are apart by at most %.2f (GET) and %.2f (PUT), with %d errors.\n' \
		"$(median connections-get:neighbours)" "$(median connections-put:neighbours)" \
		"$(median connections:errors)"
	print_plot connections 'Requests per second over connections'
	printf '### GET of 100 bytes\n\n'
	print_table connections-get
	printf '\n### PUT of 100 bytes, on disk before the answer\n\n'
	print_table connections-put
}

draw_connections() {
	{
		list_rates connections-get rps |
			sed 's/^aryavarth/aryavarth GET/; s/^libmicrohttpd/libmicrohttpd GET/'
		list_rates connections-put rps | sed 's/^aryavarth/aryavarth PUT/'
	} | draw connections lines 'Requests per second of busy connections' 'connections' \
		'requests/s'
}
