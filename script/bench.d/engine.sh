# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# The engine in process, beside LevelDB, RocksDB and LMDB: tests/bench/engine does the work, one
# process a measurement. What comes of it are lines of $work/figures:
#   engine|reopen, what, round, engine, operations a second, microseconds of processor an operation,
#   bytes by which the process grew, bytes of the index as the engine counts, errors

engine_records=1000000
engine_gets=500000
reopen_records=10000000
key_bytes=16
engines=()                # of this section, in their turn
title_of[engine]='1 million records of 16 + 100 bytes, in process'
title_of[reopen]='opening 10 million records of 16 + 100 bytes'
replaying='aryavarth, all lines' # as after a crash: without its checkpoint
declare -A engine_program=([aryavarth]=ours [LevelDB]=leveldb [RocksDB]=rocksdb
	[LMDB]=lmdb [LMDB-1000]=lmdb ["$replaying"]=ours)
declare -A engine_package=([LevelDB]=libleveldb-dev [RocksDB]=librocksdb-dev [LMDB]=liblmdb-dev
	[LMDB-1000]=liblmdb-dev)

# Builds the program of engine $1; whether it could.
build_engine() {
	make -C "$root_of_build" "tests/bench/engine/${engine_program[$1]}" >"$work/build" 2>&1
}

# The engines $@ take part, as far as they can be had. Ours has to.
join_engines() {
	local engine missing=()
	engines=()
	for engine; do
		build_engine "$engine" || missing+=("${engine_package[$engine]-}")
	done
	if ((${#missing[@]} > 0)) && command -v apt-get >/dev/null; then
		install_packages "${missing[@]}"
	fi
	for engine; do
		if build_engine "$engine"; then
			engines+=("$engine")
		elif [[ $engine = aryavarth ]]; then
			fail_showing "$work/build" "the engine's program cannot be built"
		else
			skip "$engine" "${engine_package[$engine]} is not installed"
		fi
	done
}

# run_engine SECTION WHAT ROUND ENGINE FOLDER ARGUMENT...: one measurement.
run_engine() {
	local section=$1 what=$2 round=$3 engine=$4 folder=$5 result
	shift 5
	# What an earlier one has left in the system's memory is not this one's cost.
	sync -f "$data"
	run_client "$work/client" "$root_of_build/tests/bench/engine/${engine_program[$engine]}" \
		"${engine%%,*}" "$folder" "$@" ||
		fail_showing "$work/client" "$engine: $what failed"
	result=$(sed -n 's/^RESULT //p' "$work/client")
	[[ $result =~ ^[1-9][0-9]*(\ [0-9]+){4}$ ]] ||
		fail_showing "$work/client" "$engine: $what was not measured"
	awk -v OFS='\t' -v key="$section	$what	$round	$engine" '{
		print key, $1 * 1e6 / ($2 > 0 ? $2 : 1), $3 / $1, $4, $5, 0
	}' <<<"$result" >>"$work/figures"
	tail -n 1 "$work/figures" | awk -F'\t' '{ printf \
		"    round %s, %-16s %-10s %9.0f operations/s %7.3f us CPU\n",
		$3, $2, $4, $5, $6 }'
}

# Opens a copy of what was put, as opening changes it; the files are warm for everyone. The copy
# shares the files, which no engine writes to in another way than by the same bytes.
run_reopen() {
	local section=$1 round=$2 engine=$3 keys=$4
	rm -rf "$data/copy"
	cp -al "$data/$engine" "$data/copy"
	find "$data/copy" -type f -exec cat {} + >/dev/null
	run_engine "$section" reopen "$round" "$engine" "$data/copy" reopen "$keys"
	if [[ $engine = aryavarth ]]; then
		rm "$data/copy/CHECKPOINT"
		run_engine "$section" reopen "$round" "$replaying" "$data/copy" reopen "$keys"
	fi
	rm -rf "$data/copy"
}

# Each operation is done with all engines in turn.
engine_round() {
	local round=$1 engine what
	for what in put reopen get-1 get-2 overwrite sync-1 sync-64; do
		for engine in "${engines[@]}"; do
			engine_step "$what" "$round" "$engine"
		done
	done
}

# One transaction a write is LMDB's way to overwrite, and to sync; a thousand in one would be
# another question.
engine_step() {
	local what=$1 round=$2 engine=$3
	case $what-$engine in
	put-*)
		rm -rf "${data:?}/$engine"
		run_engine engine put "$round" "$engine" "$data/$engine" put "$engine_records"
		;;
	reopen-*) run_reopen engine "$round" "$engine" "$engine_records" ;;
	get-*)
		run_engine engine "${what/-/ by }" "$round" "$engine" "$data/$engine" get \
			"$engine_records" "${what#get-}" "$engine_gets"
		;;
	overwrite-LMDB) ;;
	overwrite-*)
		run_engine engine overwrite "$round" "$engine" "$data/$engine" overwrite \
			"$engine_records"
		;;
	sync-*-LMDB-1000) ;;
	sync-*)
		rm -rf "$data/sync"
		run_engine engine "synced put by ${what#sync-}" "$round" "$engine" \
			"$data/sync" sync "${what#sync-}" "$seconds"
		rm -rf "$data/sync"
		;;
	esac
}

section_engine() {
	local round
	rm -rf "$data"
	mkdir "$data"
	say "engine: building"
	join_engines aryavarth LevelDB RocksDB LMDB LMDB-1000
	say "engine: $rounds rounds, ${#engines[@]} engines"
	for ((round = 1; round <= rounds; round++)); do
		engine_round "$round"
	done
	note_key_bytes
	count_of[engine]="${#engines[@]} engines"
}

section_reopen() {
	local round engine
	rm -rf "$data"
	mkdir "$data"
	join_engines aryavarth LevelDB
	say "reopen: $rounds rounds, ${#engines[@]} engines"
	for engine in "${engines[@]}"; do
		run_engine reopen put 1 "$engine" "$data/$engine" put "$reopen_records"
	done
	for ((round = 1; round <= rounds; round++)); do
		for engine in "${engines[@]}"; do
			run_reopen reopen "$round" "$engine" "$reopen_records"
		done
	done
	count_of[reopen]="${#engines[@]} engines"
}

# What a key takes in memory beyond its own bytes: what the process has grown by when it was opened
# by all lines. By a checkpoint it has not touched the index by then, and has not grown.
note_key_bytes() {
	note 'engine:bytes a key' "$(awk -F'\t' -v OFS='\t' -v replaying="$replaying" '
		$1 == "engine" && $2 == "reopen" && $4 == replaying { print "a", $7 }' \
		"$work/figures" | take_medians | awk -F'\t' -v records="$engine_records" \
		-v key_bytes="$key_bytes" '{ printf "%.1f", $2 / records - key_bytes }')"
}

print_engine() {
	cat <<-'END'
		The store in process, without HTTP, with values that nobody compresses, and
		without a sync but where it says so. The others take one write at a time, which is
		all that their interfaces offer; ours has many on their way, as under a server.
		LMDB is given one write a transaction, and (`LMDB-1000`) a thousand. Ours opens by
		the checkpoint that its close has left; `all lines` is without it. What a key takes
		in memory is measured by `all lines`: the checkpoint's index lies in the file's
		pages, of which few are in the process when the first get is answered.
	END
	print_plot engine 'Operations per second in process, ours divided by theirs'
	print_engine_tables engine
}

print_reopen() {
	cat <<-'END'
		LevelDB reads its last log, whose size is up to chance, and proves of the rest what
		is read later. Ours reads, and proves, its checkpoint, which has the whole index,
		some 57 bytes a key; or (`all lines`), where there is none, every line of all logs.

	END
	print_engine_tables reopen
}

# How often ours is as fast as each of the others, for what is asked of it most.
draw_engine() {
	local what label
	for what in put 'get by 1' reopen; do
		list_labels engine | tail -n +2 | while read -r label; do
			[[ -z ${median_of[engine:$what:$label:gain]-} ]] ||
				printf '%s, %s\t%s\n' "$what" "$label" \
					"$(median "engine:$what:$label:gain")"
		done
	done | draw engine bars 'In process: operations per second, ours / theirs' \
		'ours / theirs; more than 1 is for us' ''
}

# Medians over the rounds; a ratio is that of two neighbours in one round, as in print_table. Ours
# is named first, so that its row of each round is there before the others'.
print_engine_tables() {
	local records=$engine_records
	[[ $1 != reopen ]] || records=$reopen_records
	awk -F'\t' -v section="$1" -v records="$records" -v key_bytes="$key_bytes" \
		-f "$here/engine.awk" "$work/figures"
	print_engine_versions
}

print_engine_versions() {
	local package version separator=
	echo
	for package in $(printf '%s\n' "${engine_package[@]}" | sort -u); do
		version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || continue
		printf '%s%s %s' "$separator" "$package" "$version"
		separator=', '
	done
	echo
}
