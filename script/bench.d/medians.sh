# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# What is left of a run: of every figure the median over the rounds, by name.
#
# Sections leave two files. $work/figures has a line for each measurement of a server (record, in
# measure.sh), $work/notes one for each other sample (note). From them come
#   SECTION:CONNECTIONS:LABEL:rps    requests a second      :cpu    us of processor a request
#                            :p50    ms                     :p99    ms
#                            :faster rps, theirs / ours     :gain   rps, ours / theirs
#                            :dearer cpu, theirs / ours     :cost   cpu, ours / theirs
# and NAME of the notes. Ours is the first server of its section and number of connections. A ratio
# is that of the two neighbours in one round, and the median of these: what changes from round to
# round changes both.

declare -A median_of=()

# One line for each sample: its name, and its value.
list_samples() {
	awk -F'\t' -v OFS='\t' '
	{ place = $1 ":" $2; name = place ":" $4 ":" }
	!(place in ours) { ours[place] = $4 }
	$4 == ours[place] { rps[place, $3] = $5; cpu[place, $3] = $6 }
	{
		print name "rps", $5
		print name "cpu", $6
		print name "p50", $7 / 1000
		print name "p99", $8 / 1000
		print name "faster", $5 / rps[place, $3]
		print name "gain", rps[place, $3] / $5
		if ($6 > 0 && cpu[place, $3] > 0) {
			print name "dearer", $6 / cpu[place, $3]
			print name "cost", cpu[place, $3] / $6
		}
	}' "$work/figures"
	cat "$work/notes"
}

# Of lines "NAME VALUE", one line a name, with the median.
take_medians() {
	sort -t "$(printf '\t')" -k 1,1 -k 2,2g | awk -F'\t' -v OFS='\t' '
	function flush(   half) {
		half = int((n + 1) / 2)
		if (n > 0)
			print name, n % 2 ? value[half] : (value[half] + value[half + 1]) / 2
		n = 0
	}
	$1 != name { flush(); name = $1 }
	{ value[++n] = $2 }
	END { flush() }'
}

write_medians() {
	list_samples | take_medians >"$work/medians"
}

read_medians() {
	local name value
	while IFS=$'\t' read -r name value; do
		median_of[$name]=$value
	done <"$work/medians"
}

# median NAME: a figure that must be there.
median() {
	[[ -n ${median_of[$1]-} ]] || fail "no figure is called $1"
	printf '%s\n' "${median_of[$1]}"
}

# The labels of section $1 in their order.
list_labels() {
	awk -F'\t' -v section="$1" '$1 == section && !seen[$4]++ { print $4 }' "$work/figures"
}

# The section's servers as lines "LABEL CONNECTIONS VALUE" of figure $2.
list_rates() {
	local section=$1 what=$2 label connections
	awk -F'\t' -v OFS='\t' -v section="$1" '
		$1 == section && !seen[$4, $2]++ { print $4, $2 }' "$work/figures" |
		while IFS=$'\t' read -r label connections; do
			printf '%s\t%s\t%s\n' "$label" "$connections" \
				"$(median "$section:$connections:$label:$what")"
		done
}

count_errors() {
	awk -F'\t' '{ errors += $9 } END { print errors + 0 }' "$work/figures"
}
