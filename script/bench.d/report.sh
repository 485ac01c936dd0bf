# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# The report: the goals, and of each section what it says (print_SECTION) and draws (draw_SECTION,
# which not all have).

print_table() {
	awk -F'\t' -v section="$1" -v medians="$work/medians" '
	function figure(format, what,   name) {
		name = row ":" what
		return name in value ? sprintf(format, value[name]) : "-"
	}
	BEGIN {
		while ((getline line < medians) > 0) {
			split(line, part, "\t")
			value[part[1]] = part[2]
		}
		print "| connections | server | requests/s | / ours | CPU us/request | / ours |" \
			" p50 ms | p99 ms | errors |"
		print "|---:|---|---:|---:|---:|---:|---:|---:|---:|"
	}
	$1 != section { next }
	{ row = $1 ":" $2 ":" $4; errors[row] += $9 }
	!seen[row]++ { order[++rows] = row; connections[row] = $2; label[row] = $4 }
	END {
		for (i = 1; i <= rows; i++) {
			row = order[i]
			printf "| %s | %s | %s | %s | %s | %s | %s | %s | %d |\n",
				connections[row], label[row], figure("%.0f", "rps"),
				figure("%.2f", "faster"), figure("%.2f", "cpu"),
				figure("%.2f", "dearer"), figure("%.2f", "p50"),
				figure("%.2f", "p99"), errors[row]
		}
	}' "$work/figures"
}

# print_standing SECTION CONNECTIONS FIGURE LESS MORE: how we stand beside each of the others, in a
# figure that is ours / theirs; LESS and MORE say what one below 1 and one above 1 mean.
print_standing() {
	local section=$1 connections=$2 figure=$3 label
	list_labels "$section" | tail -n +2 | while read -r label; do
		printf '%s\t%s\n' "$label" "$(median "$section:$connections:$label:$figure")"
	done | awk -F'\t' -v less="$4" -v more="$5" -v n="$connections" '
		{ text = sprintf("%s (%.2f times)", $1, $2) }
		$2 < 1 { below = below (below == "" ? "" : ", ") text }
		$2 >= 1 { above = above (above == "" ? "" : ", ") text }
		END {
			printf "With %s connections, ours ", n
			if (below != "")
				printf "%s than %s%s", less, below, above == "" ? ".\n" : "; it "
			if (above != "")
				printf "%s than %s.\n", more, above
		}' | fold -s -w 100 | sed 's/ *$//'
}

# row TEXT FORMAT NAME [FACTOR]: a row of a table with two columns, with a figure times FACTOR.
row() {
	awk -v text="$1" -v format="$2" -v value="$(median "$3")" -v factor="${4-1}" \
		'BEGIN { printf "| %s | " format " |\n", text, value * factor }'
}

print_head() {
	local line
	cat <<-END
		# Performance

		Written by \`script/bench --report\`, figures, verdicts and plots alike. Medians
		of $rounds rounds of $seconds s a server, the servers of a section in turn; the
		client runs on the same machine and shares its processors. Ratios of one table
		mean something, rates of two machines or days do not:
		[Benchmarks](TESTING.md#benchmarks) says how each is measured, and how to read it.

		To reproduce, on Debian 12 or 13: \`script/bench --report\`; it installs what it
		needs. \`script/bench SECTION\` measures one section, and leaves this page as it
		is.

		## Measured on

	END
	cat "$work/about"
	for line in "${skipped[@]}"; do
		echo "- SKIPPED: $line"
	done
}

# What a section says; one that has nothing to say has a table.
print_section() {
	if declare -F "print_$1" >/dev/null; then
		"print_$1"
	else
		"${table_of[$1]-print_table}" "$1"
	fi
}

print_results() {
	local section
	print_head
	printf '\n## Goals\n\n%s.\n\n' "$(count_goals)"
	print_goals
	for section in "${sections[@]}"; do
		printf '\n## %s: %s\n\n' "$section" "${title_of[$section]}"
		print_section "$section"
	done
	! ((errors > 0)) ||
		printf '\n**FAILED: %s errors; these figures mean nothing.**\n' "$errors"
}

# The samples as they were taken, for who wants to reckon otherwise.
keep_samples() {
	mkdir -p "$root_of_build/raw"
	cp "$work/figures" "$work/notes" "$work/medians" "$work/about" "$root_of_build/raw/"
}

# The whole report, in build/bench.
make_report() {
	local section
	{ print_machine; print_versions; } >"$work/about"
	write_medians
	read_medians
	keep_samples
	mkdir -p "$root_of_build/plots"
	for section in "${sections[@]}"; do
		! declare -F "draw_$section" >/dev/null || "draw_$section"
	done
	print_results >"$root_of_build/results.md"
}

# What README.md says between its two marks: the goals, as they were judged.
print_figures_for_readme() {
	echo '<!-- figures: begin -->'
	print_goals
	echo '<!-- figures: end -->'
}

publish_report() {
	local readme=$root/README.md
	cp "$root_of_build/results.md" "$root/docs/PERFORMANCE.md"
	mkdir -p "$root/docs/plots"
	rm -f "$root"/docs/plots/*.svg
	cp "$root_of_build"/plots/*.svg "$root/docs/plots/"
	print_figures_for_readme >"$work/readme-figures"
	awk -v new="$work/readme-figures" '
	/^<!-- figures: begin -->$/ {
		while ((getline line < new) > 0)
			print line
		inside = 1
	}
	!inside
	/^<!-- figures: end -->$/ { inside = 0 }' "$readme" >"$work/readme"
	cat "$work/readme" >"$readme"
	"$root/build-aux/sources"
}
