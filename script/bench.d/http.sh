# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# GET of 100 bytes, of us and of others.

title_of[http]='GET of 100 bytes'

# Ours, which keeps no answer.
join_forgetful() {
	start_serve forgetful "$data/forgetful" env ARYAVARTH_HOT_BYTES=0 "$program"
	ask forgetful 201 -X PUT --data-binary "@$work/value" "${url_of[forgetful]}/keys/bench"
	join 'aryavarth --hot-bytes 0' forgetful 'GET /keys/bench' ''
}

section_http() {
	begin_section http reads
	join_ours_and_bare
	join_forgetful
	join_nginx
	join_webdis
	join_etcd
	run_section http 64
}

print_http() {
	cat <<-'END'
		One key is read by 64 connections, each of which sends its next request when it
		has an answer. Ours keeps short answers that it has sent, to send them again: this
		is what a key costs that is asked for often. The row with `--hot-bytes 0` keeps
		none: that is what any other key costs, whose line is read from the log, and its
		checksum proved. `libmicrohttpd` is the HTTP library alone, with an answer that is
		ours byte for byte: the distance to it is what our code costs, which looks whether
		the request could be read in two ways, decodes the target, and looks the key up.
		nginx serves a file whose descriptor it keeps open. webdis is HTTP in front of a
		redis, to which it hands each request over a socket; the processor time of both
		counts. etcd is asked through its JSON gateway, which makes a call of another
		protocol of each request, and through version 2 of its interface.

	END
	print_standing http 64 cost 'takes less processor time per request' \
		'takes more processor time per request'
	print_plot http 'Processor time per GET, relative to ours'
	print_table http
}

draw_http() {
	list_labels http | while read -r label; do
		printf '%s\t%s\n' "$label" "$(median "http:64:$label:dearer")"
	done | draw http bars 'Processor time per GET of 100 bytes' \
		'processor time per request, ours = 1' ''
}
