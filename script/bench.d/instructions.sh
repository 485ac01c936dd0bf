# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# Instructions of a request, counted by valgrind: the same on a busy machine as on an idle one, so
# that a change of a hundredth is seen. Only what runs in the process counts, not the kernel.

title_of[instructions]='instructions per request'
counted_requests=200

# count_requests SERVER LABEL CURL-ARGUMENT...: one after the other, by one connection, as often as
# it says in the URL. What is left is the file of the profile, $work/profile.LABEL.
count_requests() {
	local name=$1 label=$2 pid=${pid_of[$1]}
	shift 2
	# Once as well, so that what is made once only is there.
	send_requests "$name" "$@"
	valgrind_says --zero
	send_requests "$name" "$@"
	valgrind_says --dump
	mv "$work/callgrind.$pid.1" "$work/profile.$label"
}

# What is behind # is not sent, and makes curl repeat itself.
send_requests() {
	answers -f "${@:2}" "${url_of[$1]}/keys/bench#[1-$counted_requests]" ||
		fail_server "$1" "does not answer"
}

valgrind_says() {
	callgrind_control "$1" "$pid" >"$work/control" 2>&1 && grep -q OK "$work/control" ||
		fail_showing "$work/control" "valgrind does not do as it is told"
}

# Lines "PLACE FUNCTION INSTRUCTIONS" per request, of profile $1, most first; the place is the
# program or the library. What a function calls is not its own.
list_functions() {
	awk -v requests="$counted_requests" -f "$here/callgrind.awk" "$work/profile.$1" |
		sort -t "$(printf '\t')" -k 3,3gr
}

count_pair() {
	local beneath=(valgrind -q --tool=callgrind --compress-strings=no --compress-pos=no
		"--callgrind-out-file=$work/callgrind.%p") threads=1
	local name
	begin_section instructions "$1"
	start_pair
	count_requests ours "$2-ours" "${@:3}"
	count_requests bare "$2-bare" "${@:3}"
	stop_section
	for name in ours bare; do
		list_functions "$2-$name" >"$work/functions.$2-$name"
		note_counts "$2" "$name"
	done
}

# The instructions of a METHOD of SERVER, all, and by the place where they are.
note_counts() {
	awk -F'\t' -v OFS='\t' -v name="instructions:$1 $2" '
	function place_of(file, called) {
		if (called ~ /memset/)
			return "memset"
		if (file ~ /^(aryavarth|bare_http)$/)
			return "its own code"
		return file ~ /^lib(c|microhttpd)$/ ? file : "others"
	}
	{ all += $3; place[place_of($1, $2)] += $3 }
	END {
		print name, all
		for (p in place)
			print name ": " p, place[p]
	}' "$work/functions.$1-$2" >>"$work/notes"
}

section_instructions() {
	if ! has valgrind; then
		skip instructions 'valgrind is not installed'
		count_of[instructions]=nothing
		return
	fi
	say "instructions: $counted_requests requests of each kind"
	count_pair reads GET
	count_pair writes PUT -X PUT -H 'Content-Type:' --data-binary "@$work/value"
	count_of[instructions]="$counted_requests requests"
	awk -F'\t' '/^instructions:[A-Z]* (ours|bare)\t/ { printf "    %s: %.0f\n", $1, $2 }' \
		"$work/notes"
}

print_instructions() {
	local method place
	has valgrind || { echo 'Not measured: valgrind is not installed.'; return; }
	cat <<-END
		Counted by \`valgrind --tool=callgrind\` over $counted_requests requests of one
		connection, with one HTTP thread, in the process only: what the kernel does for it
		is not in it. Two runs differ by some thousandths, whatever else the machine does.
		The instruction that fills memory counts once for each byte, so the row of
		\`memset\` says how much is filled, not what that costs.

		| | GET, ours | libmicrohttpd alone | PUT, ours | libmicrohttpd alone |
		|---|---:|---:|---:|---:|
	END
	print_counts 'all' ''
	for place in 'its own code' libmicrohttpd libc memset others; do
		print_counts "... $place" ": $place"
	done
	for method in GET PUT; do
		print_functions "$method"
	done
}

# print_counts TEXT SUFFIX: one row, of the figures whose names end so; who has none there has 0.
print_counts() {
	local method name
	printf '| %s |' "$1"
	for method in GET PUT; do
		for name in ours bare; do
			printf ' %.0f |' "${median_of[instructions:$method $name$2]-0}"
		done
	done
	echo
}

print_functions() {
	printf '\nThe ten functions that take most of a %s, and where they are:\n\n' "$1"
	printf '| function | in | instructions | part |\n|---|---|---:|---:|\n'
	awk -F'\t' -v all="$(median "instructions:$1 ours")" 'NR <= 10 {
		printf "| `%s` | %s | %.0f | %.1f %% |\n", $2, $1, $3, 100 * $3 / all
	}' "$work/functions.$1-ours"
}
