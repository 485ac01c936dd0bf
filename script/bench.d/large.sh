# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# Large values: what one takes in memory on its way in and out, whether its size shows in a read of
# its last byte, what small writes feel of it, and many of them at once.

title_of[large]='values as large as they may be'
large_ranges=200           # reads of a last byte
large_many=64              # uploads at once
large_beside=2000          # small PUTs a second, by 16 connections

# Text that needs no escape, and bytes that are no text.
make_large_bodies() {
	head -c "${large_mib}M" < <(yes 'all work and no play') >"$work/large.text"
	head -c "${large_mib}M" /dev/urandom >"$work/large.binary"
	head -c "$((large_mib / 16))M" /dev/urandom >"$work/large.one-of-many"
	head -c 2M /dev/urandom >"$work/large.small"
}

start_large() {
	rm -rf "$data/large"
	start_serve large "$data/large" env ARYAVARTH_MAX_VALUE_BYTES=1GiB "$program"
	ask large 201 -T "$work/value" "${url_of[large]}/keys/warm"
	ask large 200 "${url_of[large]}/keys/warm"
}

compare_large() {
	curl -s --noproxy '*' "${url_of[large]}/keys/$1" | cmp - "$work/large.$1" ||
		fail_server large "does not answer what was stored"
}

# Each in and out; how much more memory that took than the server had before, mapped files counted.
measure_one_large() {
	local kind before took
	before=$(memory_of large VmHWM)
	for kind in text binary; do
		took=$(seconds_of ask large 201 --max-time 600 -T "$work/large.$kind" \
			"${url_of[large]}/keys/$kind")
		note_of "large:$kind in" "$large_mib * 1.048576 / $took"
		took=$(seconds_of compare_large "$kind")
		note_of "large:$kind out" "$large_mib * 1.048576 / $took"
	done
	note_of large:memory "($(memory_of large VmHWM) - $before) / 1024"
}

# Sets $took: the median of the seconds that the last byte of key $1 takes.
ask_last_bytes() {
	local i
	for ((i = 0; i < large_ranges; i++)); do
		printf 'url = "%s/keys/%s"\nrange = "-1"\noutput = "%s"\n' "${url_of[large]}" "$1" \
			"$work/last"
	done >"$work/ranges"
	curl -s --noproxy '*' -w '%{http_code} %{size_download} %{time_total}\n' \
		-K "$work/ranges" >"$work/times" || fail_server large "does not answer"
	[[ $(grep -c '^206 1 ' "$work/times") = "$large_ranges" ]] ||
		fail_showing "$work/times" "not every last byte was answered"
	took=$(sort -k 3,3g "$work/times" |
		awk -v half=$((large_ranges / 2)) 'NR == half { print $3 }')
}

measure_last_byte() {
	local took small
	ask large 201 -T "$work/large.small" "${url_of[large]}/keys/small"
	ask_last_bytes small
	small=$took
	ask_last_bytes binary
	note large:'last byte, small' "$small"
	note large:'last byte' "$took"
	note_of large:'last byte longer' "$took / $small"
}

# Uploads of the same value, one after the other, until it is stopped.
start_uploads() {
	# shellcheck disable=SC2016 # its own variables
	start uploads bash -c \
		'while setpriv --pdeathsig TERM curl -s -f --noproxy "*" -o /dev/null -T "$1" "$2"
		do :; done' uploads \
		"$work/large.binary" "${url_of[large]}/keys/beside"
}

# measure_small WHAT
measure_small() {
	local rate=$large_beside
	measure large-writes 16 "$round" "$1" large "${url_of[large]}" PUT '/keys/b{n}' \
		"$work/value"
}

measure_beside_large() {
	start_uploads
	measure_small beside
	is_running uploads || fail_server large "refused an upload"
	stop uploads
	note large:p99 "$(ratio_of large-writes 8 alone beside)"
}

# Uploads at once, to keys of their own. Each must be stored, or be told to come later.
measure_many_large() {
	local i before stored later
	before=$(memory_of large VmHWM)
	for ((i = 0; i < large_many; i++)); do
		printf 'url = "%s/keys/many%d"\nupload-file = "%s"\noutput = "%s"\n' \
			"${url_of[large]}" "$i" "$work/large.one-of-many" /dev/null
	done >"$work/uploads"
	took=$(seconds_of run_client "$work/statuses" curl -s --noproxy '*' --parallel \
		--parallel-immediate --parallel-max "$large_many" -w '%{http_code}\n' \
		-K "$work/uploads") || fail_showing "$work/statuses" "not every upload was answered"
	stored=$(grep -c '^201$' "$work/statuses") || :
	later=$(grep -c '^503$' "$work/statuses") || :
	((stored + later == large_many && stored > 0)) ||
		fail_showing "$work/statuses" "an upload was neither stored nor told to come later"
	note large:stored "$stored"
	note_of large:'many in' "$stored * $large_mib / 16 * 1.048576 / $took"
	note_of large:'memory of many' "($(memory_of large VmHWM) - $before) / 1024"
}

section_large() {
	local round took
	begin_section large
	say "large: making bodies of $large_mib MiB"
	make_large_bodies
	for ((round = 1; round <= rounds; round++)); do
		start_large
		# Before the disk has much to write, and a compaction to do.
		measure_small alone
		measure_one_large
		measure_last_byte
		measure_beside_large
		stop large
		start_large
		measure_many_large
		printf '    round %s: %.1f MiB for one, %.1f MiB for %d at once\n' "$round" \
			"$(last_note large:memory)" "$(last_note 'large:memory of many')" \
			"$large_many"
		stop large
	done
	rm -rf "$data" "$work"/large.*
	count_of[large]="$large_mib MiB"
}

# last_note NAME: its last sample.
last_note() {
	awk -F'\t' -v name="$1" '$1 == name { last = $2 } END { print last }' "$work/notes"
}

print_large() {
	local kind what
	cat <<-END
		One value of $large_mib MiB, first text, then bytes that are no text, is stored by
		\`curl -T\`, read back, and compared. Memory is how much the most that the process
		ever held (VmHWM, mapped files counted) has grown by. The last byte of the value is
		asked for, and for comparison that of one of 2 MiB, by one connection. Small PUTs
		are of 100 bytes, $large_beside a second by 16 connections, first alone and then
		beside such uploads, one after the other. At last, on a fresh server, $large_many
		values of $((large_mib / 16)) MiB come at once. Everything is on the disk before
		its answer.

		| | |
		|---|---:|
	END
	for kind in text binary; do
		row "$kind, in" '%.0f MB/s' "large:$kind in"
		row "$kind, out" '%.0f MB/s' "large:$kind out"
	done
	row 'memory for both, in and out' '%.1f MiB' large:memory
	row 'last byte of 2 MiB' '%.2f ms' 'large:last byte, small' 1e3
	row "last byte of $large_mib MiB" '%.2f ms' 'large:last byte' 1e3
	for what in alone beside; do
		row "small PUT $what: p50" '%.2f ms' "large-writes:16:$what:p50"
		row "small PUT $what: p99" '%.2f ms' "large-writes:16:$what:p99"
	done
	row 'p99 beside / alone' '%.2f' large:p99
	row "$large_many at once: stored" '%d' large:stored
	row "$large_many at once" '%.0f MB/s' 'large:many in'
	row "memory for $large_many at once" '%.1f MiB' 'large:memory of many'
}
