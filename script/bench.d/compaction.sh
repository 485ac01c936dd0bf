# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# A compaction of everything, beside the disk's own speed, and reads beside a compaction.
#
# The bytes that count are those of the logs that were read and those of the log that takes their
# place, as GET /compact tells them. That the new log is read once more, from memory, is not
# counted. The disk's own time is that of dd for the same bytes: the same logs read into nothing,
# from a cold cache, and a copy of the new ones written and synced.

title_of[compaction]='a store of which half is outdated'
store_line_bytes=1127      # of a line with a value of 1 KiB
reads_beside=2000          # GETs a second, by 16 connections

# The command lines of every second key, and between them those of a few keys that are written
# again and again: so half of each log is outdated. 1,000 keys, for the reads, are spread over all
# of it.
print_store_lines() {
	awk -v keys="$1" 'BEGIN {
		pad = sprintf("%01017d", 7)
		line = "{\"cmd\":\"Set\",\"key\":\"%s\",\"value\":\"%07d%s\"}\n"
		step = int(keys / 1000)
		for (i = 0; i < keys; i++) {
			n = i / step
			key = i % step == 0 && n < 1000 ? sprintf("b%04d", n) : sprintf("k%07d", i)
			printf line, key, i, pad
			printf line, sprintf("o%03d", i % 200), i, pad
		}
	}'
}

make_store() {
	local keys=$((compact_mib * 1048576 / store_line_bytes / 2))
	say "compaction: making a store of $compact_mib MiB"
	print_store_lines "$keys" | "$program" import --dir "$data/store" --durability never \
		--rotate-bytes $((compact_mib / 8 + 1))MiB --compact-stale-bytes 0 - \
		>"$work/import.out" || fail_showing "$work/import.out" "the import failed"
}

# Drops what the system remembers of files $@, which are on the disk: what is read of them next
# comes from there.
make_cold() {
	local file
	for file; do
		dd if="$file" iflag=nocache count=0 status=none
	done
}

# Ours on a fresh copy of the store.
start_on_copy() {
	rm -rf "$data/ours"
	cp -r "$data/store" "$data/ours"
	start_serve ours "$data/ours" env ARYAVARTH_COMPACT_STALE_BYTES=0 "$program"
	sync "$data"/ours/logs/*.log
}

# The number that GET /compact calls $1.
told() {
	sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$work/answer"
}

# Compacts, and sets $scanned, $written (bytes), $took (seconds) and $ticks.
compact_all() {
	local before
	before=$(cpu_ticks ours)
	ask ours 200 --max-time 600 -X POST "${url_of[ours]}/compact?full"
	ticks=$(($(cpu_ticks ours) - before))
	scanned=$(told scanned_bytes)
	written=$(told written_bytes)
	took=$(told duration_seconds)
	[[ -n $scanned && -n $written && -n $took ]] ||
		fail_showing "$work/answer" "the compaction does not tell what it did"
}

# Seconds that a command takes.
seconds_of() {
	local begin=$EPOCHREALTIME
	"$@"
	awk -v begin="$begin" -v end="$EPOCHREALTIME" 'BEGIN { print end - begin }'
}

read_logs() {
	local file
	for file in "$data"/ours/logs/*.log; do
		dd if="$file" of=/dev/null bs=1M status=none
	done
}

# What the compaction has left, once more.
write_logs() {
	local file
	for file in "$data"/ours/logs/*.log; do
		dd if="$file" of="$data/same" bs=1M conv=fdatasync status=none
	done
}

# The disk alone, the compaction alone. The logs are read once before: a virtual disk may remember
# what was read, and shall do so for both.
measure_alone() {
	local reading writing
	start_on_copy
	make_cold "$data"/ours/logs/*.log
	read_logs
	make_cold "$data"/ours/logs/*.log
	reading=$(seconds_of read_logs)
	make_cold "$data"/ours/logs/*.log
	compact_all
	writing=$(seconds_of write_logs)
	rm -f "$data/same"
	stop ours
	note compaction:read "$scanned"
	note compaction:written "$written"
	note compaction:seconds "$took"
	note_of compaction:rate "($scanned + $written) / $took / 1e6"
	note_of compaction:'disk read' "$scanned / $reading / 1e6"
	note_of compaction:'disk written' "$written / $writing / 1e6"
	note_of compaction:'disk rate' "($scanned + $written) / ($reading + $writing) / 1e6"
	note_of compaction:'of disk' "($reading + $writing) / $took"
	note_of compaction:cpu "$ticks / $ticks_a_second / (($scanned + $written) / 1e9)"
	printf '    round %s, alone: %.2f s; the disk itself: %.2f s\n' "$round" "$took" \
		"$(awk "BEGIN { print $reading + $writing }")"
}

# Reads at a fixed rate: for some seconds before, and then as long as the compaction takes. What is
# read is in the system's cache, before and during, so that the compaction is the only difference.
measure_beside() {
	local before during rate=$reads_beside
	start_on_copy
	measure compaction-reads 16 "$round" before ours "${url_of[ours]}" GET '/keys/b{n}'
	begin_load ours 16 "$reads_beside" GET '/keys/b{n}'
	compact_all
	end_load ours
	record compaction-reads 16 "$round" during "$result" "$failed" 0
	stop ours
	note compaction:p99 "$(ratio_of compaction-reads 8 before during)"
}

section_compaction() {
	local round scanned written took ticks
	begin_section compaction
	make_store
	for ((round = 1; round <= rounds; round++)); do
		measure_alone
		measure_beside
	done
	rm -rf "$data"
	count_of[compaction]="$compact_mib MiB"
}

print_compaction() {
	local what
	cat <<-END
		A store of $compact_mib MiB in eight logs, values of 1 KiB, of which every second
		line is outdated, is compacted with \`POST /compact?full\`: once alone, with
		nothing of it in the system's cache, and once beside reads, which come at
		$reads_beside a second by 16 connections to 1,000 keys all over the store, all of
		it in the cache. Counted are the bytes of the logs read and of the log written,
		not that the new log is read once more from memory. The disk's own time for the
		same bytes is that of \`dd\`, which reads the same logs, and copies and syncs the
		new ones.

		| | |
		|---|---:|
	END
	row 'read' '%.0f MB' compaction:read 1e-6
	row 'written' '%.0f MB' compaction:written 1e-6
	row 'took, alone' '%.2f s' compaction:seconds
	row 'read and written a second, alone' '%.0f MB/s' compaction:rate
	row 'the disk itself: read' '%.0f MB/s' 'compaction:disk read'
	row 'the disk itself: written and synced' '%.0f MB/s' 'compaction:disk written'
	row 'the disk itself: the same bytes' '%.0f MB/s' 'compaction:disk rate'
	row 'compaction alone / the disk itself' '%.0f %%' 'compaction:of disk' 100
	row 'processor time per GB read and written' '%.2f s' compaction:cpu
	for what in before during; do
		row "GET $what: p50" '%.2f ms' "compaction-reads:16:$what:p50"
		row "GET $what: p99" '%.2f ms' "compaction-reads:16:$what:p99"
	done
	row 'p99 during / before' '%.2f' compaction:p99
}
