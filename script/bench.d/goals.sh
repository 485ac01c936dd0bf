# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# What was to be reached, and whether it was. FIGURE is a name of medians.sh; a goal whose figure
# is not there counts as not met.

# goal SECTION FIGURE at-most|at-least LIMIT TEXT
goal() {
	printf '%s|%s|%s|%s|%s\n' "$@"
}

list_goals() {
	goal http 'http:64:libmicrohttpd:cost' at-most 1.20 \
		'CPU per GET of 100 bytes, ours / libmicrohttpd alone (aim: 1.08)'
	goal http 'http:64:webdis + redis:dearer' at-least 2.2 \
		'CPU per GET of 100 bytes, webdis + redis / ours'
	goal http 'http:64:etcd v3 JSON:dearer' at-least 10 \
		'CPU per GET of 100 bytes, the v3 gateway of etcd / ours'
	goal durable 'durable:64:inline fdatasync:gain' at-least 5 \
		'durable PUT/s by 64 connections, ours / inline handler'
	goal durable 'durable:256:inline fdatasync:gain' at-least 7 \
		'durable PUT/s by 256 connections, ours / inline handler'
	goal durable 'durable:64:webdis + redis:gain' at-least 1.2 \
		'durable PUT/s by 64 connections, ours / webdis + redis'
	goal durable 'durable:256:webdis + redis:gain' at-least 1.2 \
		'durable PUT/s by 256 connections, ours / webdis + redis'
	goal durable 'durable:64:redis-benchmark:gain' at-least 0.9 \
		'durable PUT/s by 64 connections, ours / redis-benchmark SET'
	goal durable 'durable:256:redis-benchmark:gain' at-least 0.9 \
		'durable PUT/s by 256 connections, ours / redis-benchmark SET'
	goal connections 'connections-get:neighbours' at-most 2 \
		'GET/s with 64 to 512 connections, neighbours apart by'
	goal connections 'connections-put:neighbours' at-most 2 \
		'PUT/s with 64 to 512 connections, neighbours apart by'
	goal connections 'connections:errors' at-most 0 \
		'errors with 64 to 512 connections'
	goal delay 'delay:p99' at-most 2 \
		'p99 of GET beside PUTs, syncs 10 ms slower / as they are'
	goal delay 'delay:writes' at-least 0.95 \
		'PUT/s beside it, syncs 10 ms slower / as they are'
	goal compaction 'compaction:of disk' at-least 0.40 \
		'bytes read and written per second, compaction / the disk itself'
	goal compaction 'compaction:p99' at-most 3 \
		'p99 of GET, during a compaction / before'
	goal engine 'engine:put:LevelDB:gain' at-least 3 \
		'puts/s without sync, in process, ours / LevelDB'
	goal engine 'engine:get by 1:RocksDB:gain' at-least 5 \
		'gets/s by one thread, in process, ours / RocksDB'
	goal engine 'engine:get by 1:LMDB:gain' at-least 1 \
		'gets/s by one thread, in process, ours / LMDB'
	goal engine 'engine:reopen:LevelDB:gain' at-least 1 \
		'opening 1 million records, LevelDB / ours, in time'
	goal reopen 'reopen:reopen:LevelDB:gain' at-least 1 \
		'opening 10 million records, LevelDB / ours, in time'
	goal engine 'engine:reopen:aryavarth:rps' at-least 5000000 \
		'records/s while 1 million are opened, warm'
	goal list 'list:longer' at-most 3 \
		'a page of 1,000 keys, of 10 million / of 10,000, in time'
	goal list 'list:longer backwards' at-most 3 \
		'the same, backwards'
	goal large 'large:memory' at-most 64 \
		'MiB of memory for a value of 1 GiB, in and out, text and binary'
	goal large 'large:last byte longer' at-most 2 \
		'its last byte / that of 2 MiB, in time'
	goal large 'large:p99' at-most 5 \
		'p99 of small PUTs, beside uploads of 1 GiB / alone'
	goal large 'large:memory of many' at-most 256 \
		'MiB of memory for 64 uploads of 64 MiB at once'
	goal engine 'engine:bytes a key' at-most 48 \
		'memory per key beyond its own bytes, opened by all lines (aim: 40)'
}

# Lines "TEXT SENSE LIMIT FIGURE VERDICT", separated by tabs; the figure is - where there is none.
judge_goals() {
	list_goals | awk -F'|' -v OFS='\t' -v medians="$work/medians" '
	BEGIN {
		while ((getline line < medians) > 0) {
			split(line, part, "\t")
			value[part[1]] = part[2]
		}
	}
	!($2 in value) { print $5, $3, $4, "-", "not measured"; next }
	{
		is_met = $3 == "at-most" ? value[$2] + 0 <= $4 + 0 : value[$2] + 0 >= $4 + 0
		print $5, $3, $4, value[$2], is_met ? "met" : "**not met**"
	}'
}

print_goals() {
	printf '| goal | asked for | measured | |\n|---|---:|---:|---|\n'
	judge_goals | awk -F'\t' '{
		sub(/-/, " ", $2)
		format = $4 >= 1000 || $4 == 0 ? "%.0f" : $4 < 0.1 ? "%.3f" : "%.2f"
		figure = $4 == "-" ? $4 : sprintf(format, $4)
		printf "| %s | %s %s | %s | %s |\n", $1, $2, $3, figure, $5
	}'
}

count_goals() {
	judge_goals | awk -F'\t' '$5 == "met" { met++ }
		END { printf "%d of %d goals met", met, NR }'
}
