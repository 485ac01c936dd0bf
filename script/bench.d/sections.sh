# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# What is measured: which servers, asked for what. Each section starts its servers, looks at one
# answer of each, and then measures them in turn.

labels=()                 # of the servers of this section, in their turn
declare -A server_of=() url_for=() load_of=()

# join LABEL SERVER LOAD-ARGUMENT...: the server takes part (load.lua has the arguments).
join() {
	labels+=("$1")
	server_of[$1]=$2
	url_for[$1]=${url_of[$2]}
	load_of[$1]=${*:3}
}

begin_section() {
	say "$1: starting the servers"
	labels=()
	rm -rf "$data"
	mkdir "$data"
	printf '%0100d' 7 >"$work/value"
	encoded=$(base64 -w 0 "$work/value")
	printf '{"key":"a2V50000"}' >"$work/range.json"
	printf '{"key":"a2V5{n}","value":"%s"}' "$encoded" >"$work/put.json"
	printf '{"key":"a2V50000","value":"%s"}' "$encoded" >"$work/put0.json"
	printf '"%s"' "$encoded" >"$work/encoded"
	{ printf 'value='; cat "$work/value"; } >"$work/form"
}

# run_section SECTION CONNECTIONS...
run_section() {
	local section=$1 connections label round name
	shift
	say "$section: $rounds rounds, ${#labels[@]} servers, connections: $*, $seconds s each"
	for ((round = 1; round <= rounds; round++)); do
		for connections; do
			for label in "${labels[@]}"; do
				run_cell
			done
		done
	done
	for name in "${!pid_of[@]}"; do
		is_running "$name" || fail_server "$name" "has ended meanwhile"
	done
	stop "${!pid_of[@]}"
	count_of[$section]=${#labels[@]}
}

run_cell() {
	local name=${server_of[$label]}
	if [[ ${load_of[$label]} = redis-benchmark ]]; then
		measure_redis "$section" "$connections" "$round" "$label" "$name"
		return
	fi
	# shellcheck disable=SC2086 # words without spaces: configure refuses folders that have some
	measure "$section" "$connections" "$round" "$label" "$name" "${url_for[$label]}" \
		${load_of[$label]}
}

# An answer's lines, without the one that changes while one looks; their order does not matter.
lines_of() {
	sed '/^Date: /d' "$1" | sort
}

# The bare server must answer what ours does: status, fields and body.
expect_same() {
	diff <(lines_of "$1") <(lines_of "$2") >"$work/diff" ||
		fail_showing "$work/diff" "the bare server does not answer what ours does"
}

# ---- http: GET of 100 bytes ----

join_ours_and_bare() {
	start_ours
	ask ours 201 -X PUT -H 'Content-Type:' --data-binary "@$work/value" \
		"${url_of[ours]}/keys/bench"
	ask ours 200 -i "${url_of[ours]}/keys/bench"
	expect_answer ours "$work/value"
	cp "$work/answer" "$work/answer-of-ours"
	start_bare "$work/answer-of-ours"
	ask bare 200 -i "${url_of[bare]}/keys/bench"
	expect_same "$work/answer-of-ours" "$work/answer"
	join aryavarth ours GET /keys/bench
	join libmicrohttpd bare GET /keys/bench
}

join_nginx() {
	can_have 'nginx static file' nginx || return 0
	mkdir -p "$work/www/keys"
	cp "$work/value" "$work/www/keys/bench"
	start_nginx
	ask nginx 200 "${url_of[nginx]}/keys/bench"
	expect_answer nginx "$work/value"
	join 'nginx static file' nginx GET /keys/bench
}

join_webdis() {
	can_have 'webdis + redis' webdis redis-server redis-tools || return 0
	start_webdis
	ask webdis 200 -X PUT --data-binary "@$work/value" "${url_of[webdis]}/SET/bench"
	ask webdis 200 "${url_of[webdis]}/GET/bench.txt"
	expect_answer webdis "$work/value"
	join 'webdis + redis' webdis GET /GET/bench.txt
}

join_etcd() {
	can_have etcd etcd-server || return 0
	start_etcd
	ask etcd 200 --data-binary "@$work/put0.json" "${url_of[etcd]}/v3/kv/put"
	ask etcd 200 --data-binary "@$work/range.json" "${url_of[etcd]}/v3/kv/range"
	expect_answer etcd "$work/encoded"
	join 'etcd v3 JSON' etcd POST /v3/kv/range "$work/range.json"
	if ! answers -f -X PUT --data-binary "@$work/form" "${url_of[etcd]}/v2/keys/bench"; then
		skip 'etcd v2' 'this version has no such interface'
		return
	fi
	ask etcd 200 "${url_of[etcd]}/v2/keys/bench"
	expect_answer etcd "$work/value"
	join 'etcd v2' etcd GET /v2/keys/bench
}

section_http() {
	begin_section http
	join_ours_and_bare
	join_nginx
	join_webdis
	join_etcd
	run_section http 64
}

# ---- durable: PUT of 100 bytes, each on disk before its answer ----

join_writes_of_ours_and_bare() {
	local put=(-X PUT -H 'Content-Type:' --data-binary "@$work/value")
	start_ours
	ask ours 201 "${put[@]}" "${url_of[ours]}/keys/bench"
	ask ours 204 -i "${put[@]}" "${url_of[ours]}/keys/bench"
	cp "$work/answer" "$work/answer-of-ours"
	start_bare "$work/answer-of-ours" "$data/bare.log"
	ask bare 204 -i "${put[@]}" "${url_of[bare]}/keys/bench"
	expect_same "$work/answer-of-ours" "$work/answer"
	grep -qF -f "$work/value" "$data/bare.log" || fail_server bare "has written nothing"
	join aryavarth ours PUT '/keys/b{n}' "$work/value"
	join 'inline fdatasync' bare PUT '/keys/b{n}' "$work/value"
}

join_writes_of_webdis() {
	can_have 'webdis + redis' webdis redis-server redis-tools || return 0
	start_webdis
	ask webdis 200 -X PUT --data-binary "@$work/value" "${url_of[webdis]}/SET/bench"
	ask webdis 200 "${url_of[webdis]}/GET/bench.txt"
	expect_answer webdis "$work/value"
	join 'webdis + redis' webdis PUT '/SET/b{n}' "$work/value"
}

join_redis() {
	can_have 'redis-benchmark' redis-server redis-tools || return 0
	start_redis redis
	port_of[redis]=$port_of_redis
	url_of[redis]=redis://127.0.0.1:$port_of_redis
	join 'redis-benchmark' redis redis-benchmark
}

join_writes_of_etcd() {
	can_have etcd etcd-server || return 0
	start_etcd
	ask etcd 200 --data-binary "@$work/put0.json" "${url_of[etcd]}/v3/kv/put"
	ask etcd 200 --data-binary "@$work/range.json" "${url_of[etcd]}/v3/kv/range"
	expect_answer etcd "$work/encoded"
	join 'etcd v3 JSON' etcd POST /v3/kv/put "$work/put.json"
	if ! answers -f -X PUT --data-binary "@$work/form" "${url_of[etcd]}/v2/keys/bench"; then
		skip 'etcd v2' 'this version has no such interface'
		return
	fi
	join 'etcd v2' etcd PUT '/v2/keys/b{n}' "$work/form" application/x-www-form-urlencoded
}

section_durable() {
	begin_section durable
	join_writes_of_ours_and_bare
	join_writes_of_webdis
	join_redis
	join_writes_of_etcd
	run_section durable 1 16 64 256
}
