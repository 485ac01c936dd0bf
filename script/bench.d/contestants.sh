# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# Who can take part in a section, with reads and with writes: each is started, one answer of it is
# looked at, and it joins.

# An answer's lines, without the one that changes while one looks; their order does not matter.
lines_of() {
	sed '/^Date: /d' "$1" | sort
}

# The bare server must answer what ours does: status, fields and body.
expect_same() {
	diff <(lines_of "$1") <(lines_of "$2") >"$work/diff" ||
		fail_showing "$work/diff" "the bare server does not answer what ours does"
}

# The value is stored in ours as "bench"; and what is then asked for is in $sample, with its status.
store_sample() {
	local put=(-X PUT -H 'Content-Type:' --data-binary "@$work/value")
	sample=(200 -i)
	[[ $asked_for = reads ]] || sample=(204 -i "${put[@]}")
	ask ours 201 "${put[@]}" "${url_of[ours]}/keys/bench"
	ask ours "${sample[@]}" "${url_of[ours]}/keys/bench"
	[[ $asked_for = writes ]] || expect_answer ours "$work/value"
	cp "$work/answer" "$work/answer-of-ours"
}

# Ours, and the bare server, which answers as ours did.
start_pair() {
	start_ours
	store_sample
	if [[ $asked_for = reads ]]; then
		start_bare "$work/answer-of-ours"
	else
		start_bare "$work/answer-of-ours" "$data/bare.log"
	fi
	ask bare "${sample[@]}" "${url_of[bare]}/keys/bench"
	expect_same "$work/answer-of-ours" "$work/answer"
	[[ $asked_for = reads ]] || grep -qF -f "$work/value" "$data/bare.log" ||
		fail_server bare "has written nothing"
}

join_ours_and_bare() {
	local bare_label=libmicrohttpd
	[[ $asked_for = reads ]] || bare_label='inline fdatasync'
	start_pair
	join aryavarth ours 'GET /keys/bench' "PUT /keys/b{n} $work/value"
	join "$bare_label" bare 'GET /keys/bench' "PUT /keys/b{n} $work/value"
}

join_nginx() {
	can_have 'nginx static file' nginx || return 0
	mkdir -p "$work/www/keys"
	cp "$work/value" "$work/www/keys/bench"
	start_nginx
	ask nginx 200 "${url_of[nginx]}/keys/bench"
	expect_answer nginx "$work/value"
	join 'nginx static file' nginx 'GET /keys/bench' ''
}

join_webdis() {
	can_have 'webdis + redis' webdis redis-server redis-tools || return 0
	start_webdis
	ask webdis 200 -X PUT --data-binary "@$work/value" "${url_of[webdis]}/SET/bench"
	ask webdis 200 "${url_of[webdis]}/GET/bench.txt"
	expect_answer webdis "$work/value"
	join 'webdis + redis' webdis 'GET /GET/bench.txt' "PUT /SET/b{n} $work/value"
}

join_redis() {
	can_have 'redis-benchmark' redis-server redis-tools || return 0
	start_redis redis
	port_of[redis]=$port_of_redis
	url_of[redis]=redis://127.0.0.1:$port_of_redis
	join 'redis-benchmark' redis '' redis-benchmark
}

join_etcd() {
	can_have etcd etcd-server || return 0
	start_etcd
	ask etcd 200 --data-binary "@$work/put0.json" "${url_of[etcd]}/v3/kv/put"
	ask etcd 200 --data-binary "@$work/range.json" "${url_of[etcd]}/v3/kv/range"
	expect_answer etcd "$work/encoded"
	join 'etcd v3 JSON' etcd "POST /v3/kv/range $work/range.json" \
		"POST /v3/kv/put $work/put.json"
	if ! answers -f -X PUT --data-binary "@$work/form" "${url_of[etcd]}/v2/keys/bench"; then
		skip 'etcd v2' 'this version has no such interface'
		return
	fi
	ask etcd 200 "${url_of[etcd]}/v2/keys/bench"
	expect_answer etcd "$work/value"
	join 'etcd v2' etcd 'GET /v2/keys/bench' \
		"PUT /v2/keys/b{n} $work/form application/x-www-form-urlencoded"
}
