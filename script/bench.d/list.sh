# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# What a page of a listing costs, in a small store and in one a thousand times as large.

title_of[list]='pages of 1,000 keys'
list_small_keys=10000
list_pages=200

# print_list_lines KEYS
print_list_lines() {
	awk -v keys="$1" 'BEGIN {
		value = sprintf("%0100d", 7)
		for (i = 0; i < keys; i++)
			printf "{\"cmd\":\"Set\",\"key\":\"k%015d\",\"value\":\"%s\"}\n", i, value
	}'
}

# make_list_store NAME KEYS
make_list_store() {
	say "list: making a store of $2 keys"
	print_list_lines "$2" | "$program" import --dir "$data/$1" --durability never - \
		>"$work/import.out" || fail_showing "$work/import.out" "the import failed"
}

# ask_pages NAME KEYS PARAMETERS: pages that begin at keys by chance, one after the other on one
# connection, all of which must be whole. Sets $took, the median of their seconds.
ask_pages() {
	awk -v keys="$2" -v pages="$list_pages" -v base="${url_of[$1]}" -v more="$3" \
		-v out="$work/page" 'BEGIN {
		srand(42)
		for (i = 0; i < pages; i++)
			printf "url = \"%s/keys?limit=1000&start=k%015d%s\"\noutput = \"%s\"\n",
				base, int(rand() * (keys - 1000)), more, out
	}' >"$work/pages"
	curl -s --noproxy '*' -w '%{http_code} %{size_download} %{time_total}\n' -K "$work/pages" \
		>"$work/times" || fail_server "$1" "does not answer"
	took=$(awk '$1 == 200 && $2 > 40000 { print $3 }' "$work/times" | sort -g | awk '
		{ time[NR] = $1 }
		END { print time[int((NR + 1) / 2)] }')
	[[ $(awk '$1 == 200 && $2 > 40000' "$work/times" | wc -l) = "$list_pages" ]] ||
		fail_showing "$work/times" "not every page is whole"
}

# measure_list NAME KEYS
measure_list() {
	local took index
	ask_pages "$1" "$2" ''
	note "list:$1:forwards" "$took"
	ask_pages "$1" "$2" '&reverse&end=z'
	note "list:$1:backwards" "$took"
	answers "${url_of[$1]}/stats"
	index=$(sed -n 's/.*"index_bytes":\([0-9]*\).*/\1/p' "$work/answer")
	note_of "list:$1:index a key" "$index / $2 - 16"
	took=$(curl -s --noproxy '*' -o "$work/answer" -w '%{time_total}' \
		"${url_of[$1]}/keys?count&start=k0&end=z")
	grep -qx "{\"count\":$2}" "$work/answer" ||
		fail_showing "$work/answer" "the keys are counted wrong"
	note "list:$1:count" "$took"
}

section_list() {
	local round name list_large_keys=$((list_millions * 1000000))
	begin_section list
	make_list_store small "$list_small_keys"
	make_list_store large "$list_large_keys"
	for name in small large; do
		start_serve "$name" "$data/$name" "$program"
	done
	for ((round = 1; round <= rounds; round++)); do
		measure_list small "$list_small_keys"
		measure_list large "$list_large_keys"
	done
	note_of list:longer \
		"$(note_median list:large:forwards) / $(note_median list:small:forwards)"
	note_of 'list:longer backwards' \
		"$(note_median list:large:backwards) / $(note_median list:small:backwards)"
	stop_section
	count_of[list]="$list_large_keys keys"
}

# note_median NAME: of what was noted so far.
note_median() {
	awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$work/notes" | sort -g | awk '
		{ value[NR] = $1 }
		END { print value[int((NR + 1) / 2)] }'
}

print_list() {
	cat <<-END
		$list_pages pages of 1,000 keys of 16 bytes with values of 100, from keys by
		chance, by one connection; the lines are read from the system's cache. The large
		store has $list_millions million keys, the small one $list_small_keys.

		| | |
		|---|---:|
	END
	row 'a page, small store' '%.2f ms' list:small:forwards 1e3
	row 'a page, large store' '%.2f ms' list:large:forwards 1e3
	row 'a page backwards, small store' '%.2f ms' list:small:backwards 1e3
	row 'a page backwards, large store' '%.2f ms' list:large:backwards 1e3
	row 'counting all keys, large store' '%.1f ms' list:large:count 1e3
	row 'index per key beyond its own bytes, large store' '%.1f bytes' 'list:large:index a key'
}
