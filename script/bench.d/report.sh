# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# The tables: medians over the rounds, beside ours.

# The section's rows of $work/figures as a table. A ratio is that of the two neighbours in one
# round, and the median of these: what changes from round to round changes both.
print_table() {
	awk -F'\t' -v section="$1" '
	function median(text,   part, n, i, j, t) {
		n = split(text, part, " ")
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && part[j - 1] + 0 > part[j] + 0; j--) {
				t = part[j]; part[j] = part[j - 1]; part[j - 1] = t
			}
		return n % 2 ? part[(n + 1) / 2] : (part[n / 2] + part[n / 2 + 1]) / 2
	}
	$1 != section { next }
	{
		row = $2 "\t" $4
		if (!(row in rps))
			order[++rows] = row
		if (!($2 in ours_label))
			ours_label[$2] = $4
		if ($4 == ours_label[$2]) {
			ours_rps[$2, $3] = $5
			ours_cpu[$2, $3] = $6
		}
		rps[row] = rps[row] " " $5
		cpu[row] = cpu[row] " " $6
		p50[row] = p50[row] " " $7
		p99[row] = p99[row] " " $8
		errors[row] += $9
		faster[row] = faster[row] " " $5 / ours_rps[$2, $3]
		if (ours_cpu[$2, $3] > 0)
			dearer[row] = dearer[row] " " $6 / ours_cpu[$2, $3]
	}
	END {
		print "| connections | server | requests/s | / ours | CPU us/request | / ours |" \
			" p50 ms | p99 ms | errors |"
		print "|---:|---|---:|---:|---:|---:|---:|---:|---:|"
		for (i = 1; i <= rows; i++) {
			row = order[i]
			split(row, part, "\t")
			printf "| %s | %s | %.0f | %.2f | %.2f | %s | %.2f | %.2f | %d |\n",
				part[1], part[2], median(rps[row]), median(faster[row]),
				median(cpu[row]), dearer[row] == "" ? "-" : \
				sprintf("%.2f", median(dearer[row])), median(p50[row]) / 1000,
				median(p99[row]) / 1000, errors[row]
		}
	}' "$work/figures"
}

count_errors() {
	awk -F'\t' '{ errors += $9 } END { print errors + 0 }' "$work/figures"
}

declare -A title_of=([http]='GET of 100 bytes'
	[durable]='PUT of 100 bytes, on disk before the answer')

print_results() {
	local section line
	echo '# Side by side'
	echo
	echo "Medians of $rounds rounds of $seconds s, servers in turn, client on the same machine."
	echo 'Only the ratios of one table mean something: see Benchmarks in docs/TESTING.md.'
	echo
	print_machine
	print_versions
	for line in "${skipped[@]}"; do
		echo "- SKIPPED: $line"
	done
	for section in "${sections[@]}"; do
		printf '\n## %s: %s\n\n' "$section" "${title_of[$section]}"
		print_table "$section"
	done
	! ((errors > 0)) ||
		printf '\n**FAILED: %s errors; these figures mean nothing.**\n' "$errors"
}
