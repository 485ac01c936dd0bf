# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# PUT of 100 bytes, each on disk before its answer, of us and of others.

title_of[durable]='PUT of 100 bytes, on disk before the answer'

section_durable() {
	begin_section durable writes
	join_ours_and_bare
	join_webdis
	join_redis
	join_etcd
	run_section durable 1 16 64 256
}

print_durable() {
	cat <<-'END'
		1,000 keys are written in turn, and no answer leaves before `fdatasync` has
		returned: ours with `--durability always`, redis with `appendfsync always`.
		`inline fdatasync` is the HTTP library with the simplest handler that is durable,
		a write and a sync under one lock: every answer costs a sync. Ours and redis make
		one sync do for all writes that wait, so more connections mean more writes a sync;
		with one connection there is nothing to share, everybody waits for the disk, and
		ours for the hand-over to its commit thread as well. `redis-benchmark` talks to a
		redis in its own protocol, without HTTP, which is less to read and to write: it
		tells how far HTTP is from free.

	END
	print_standing durable 64 gain 'stores fewer a second' 'stores more a second'
	print_plot durable 'Durable PUTs per second over connections'
	print_table durable
}

draw_durable() {
	list_rates durable rps | draw durable lines 'Durable PUTs of 100 bytes per second' \
		connections requests/s
}
