# SPDX-License-Identifier: MIT
# The tables of the sections engine and reopen, from the lines that script/bench.d/engine.sh left.
# Variables: section, records, key_bytes.

function median(text,   part, n, i, j, t) {
	n = split(text, part, " ")
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && part[j - 1] + 0 > part[j] + 0; j--) {
			t = part[j]; part[j] = part[j - 1]; part[j - 1] = t
		}
	return n % 2 ? part[(n + 1) / 2] : (part[n / 2] + part[n / 2 + 1]) / 2
}

# BYTES a key, beyond the key's own.
function beyond(bytes) {
	return sprintf("%.1f", bytes / records - key_bytes)
}

$1 != section { next }
{
	row = $2 "\t" $4
	if (!(row in rate))
		order[++rows] = row
	if ($4 == "aryavarth") {
		our_rate[$2, $3] = $5
		our_cpu[$2, $3] = $6
	}
	rate[row] = rate[row] " " $5
	cpu[row] = cpu[row] " " $6
	slower[row] = slower[row] " " our_rate[$2, $3] / $5
	if (our_cpu[$2, $3] > 0)
		dearer[row] = dearer[row] " " $6 / our_cpu[$2, $3]
	if ($2 == "reopen") {
		resident[$4] = resident[$4] " " $7
		indexed[$4] = indexed[$4] " " $8
	}
}
END {
	print "| operation | engine | operations/s | ours / it | CPU us/operation | it / ours |"
	print "|---|---|---:|---:|---:|---:|"
	for (i = 1; i <= rows; i++) {
		row = order[i]
		split(row, part, "\t")
		printf "| %s | %s | %.0f | %.2f | %.3f | %s |\n", part[1], part[2],
			median(rate[row]), median(slower[row]), median(cpu[row]),
			dearer[row] == "" ? "-" : sprintf("%.2f", median(dearer[row]))
	}
	print "\nWhat opening takes; bytes are those a key, beyond its own.\n"
	print "| engine | ms | grows by MiB | bytes of that | bytes of the index, as it counts |"
	print "|---|---:|---:|---:|---:|"
	for (i = 1; i <= rows; i++) {
		split(order[i], part, "\t")
		if (part[1] != "reopen")
			continue
		bytes = median(resident[part[2]])
		own = median(indexed[part[2]])
		# Opened by a checkpoint, the process has not touched its index yet.
		printf "| %s | %.1f | %.1f | %s | %s |\n", part[2],
			records * 1000 / median(rate[order[i]]), bytes / 1048576,
			own && part[2] != "aryavarth" ? beyond(bytes) : "-",
			own ? beyond(own) : "-"
	}
}
