# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# How each server is started. start_X begins it and sets url_of[X], once it answers.

declare -A url_of=()
threads=$(nproc)
((threads <= 8)) || threads=8      # as many as ours takes by itself
beneath=()                         # a command that runs ours and the bare server, if any

# answers CURL-ARGUMENT...: the answer, if there is one, is in $work/answer.
answers() {
	curl -s --noproxy '*' -o "$work/answer" "$@"
}

# start_serve NAME DIR COMMAND...: ours as server NAME, on DIR; COMMAND is the program, or what runs
# it, with settings in its environment.
start_serve() {
	local name=$1 dir=$2
	shift 2
	start "$name" "$@" serve --dir "$dir" --listen 127.0.0.1:0 --durability always \
		--threads "$threads"
	wait_until "$name" grep -qs 'event=serving' "$work/$name.err"
	find_address "$name"
}

find_address() {
	url_of[$1]=http://$(sed -n 's/.*event=listening address=\([^ ]*\).*/\1/p' "$work/$1.err")
}

start_ours() {
	start_serve ours "$data/ours" "${beneath[@]}" "$program"
}

# start_bare ANSWER-FILE [LOG-FILE]
start_bare() {
	start bare "${beneath[@]}" "$root_of_build/tests/bench/bare_http" "$1" "$threads" "${@:2}"
	wait_until bare grep -qs '^port' "$work/bare.out"
	url_of[bare]=http://127.0.0.1:$(awk '{ print $2 }' "$work/bare.out")
}

# A static file in $work/www, with what nginx has against looking at the disk each time.
start_nginx() {
	choose_port
	mkdir -p "$work/nginx"
	cat >"$work/nginx.conf" <<-END
		daemon off;
		worker_processes $threads;
		$( ((EUID != 0)) || echo 'user root;')
		pid $work/nginx/pid;
		error_log stderr;
		events { worker_connections 4096; }
		http {
			access_log off;
			sendfile on;
			open_file_cache max=1000;
			keepalive_requests 1000000000;
			client_body_temp_path $work/nginx;
			proxy_temp_path $work/nginx;
			fastcgi_temp_path $work/nginx;
			uwsgi_temp_path $work/nginx;
			scgi_temp_path $work/nginx;
			server { listen 127.0.0.1:$port backlog=1024; root $work/www; }
		}
	END
	start nginx nginx -p "$work/nginx" -c "$work/nginx.conf"
	url_of[nginx]=http://127.0.0.1:$port
	wait_until nginx answers "${url_of[nginx]}/"
}

# start_redis NAME: every write synced before its answer.
start_redis() {
	choose_port
	mkdir -p "$data/$1"
	start "$1" redis-server --bind 127.0.0.1 --port "$port" --dir "$data/$1" --save '' \
		--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0 \
		--daemonize no
	port_of_redis=$port
	wait_until "$1" redis_says "$1" ping PONG
}

redis_says() {
	[[ $(redis-cli -h 127.0.0.1 -p "$port_of_redis" "$2" 2>/dev/null) = "$3" ]]
}

# webdis in front of a redis of its own; both are what an answer costs.
start_webdis() {
	start_redis webdis-redis
	choose_port
	cat >"$work/webdis.json" <<-END
		{"redis_host": "127.0.0.1", "redis_port": $port_of_redis,
		"http_host": "127.0.0.1", "http_port": $port, "threads": $threads, "pool_size": 20,
		"daemonize": false, "websockets": false, "database": 0,
		"verbosity": 1, "logfile": "$work/webdis.log", "pidfile": "$work/webdis.pid"}
	END
	start webdis webdis "$work/webdis.json"
	served_by[webdis]="${pid_of[webdis]} ${pid_of[webdis-redis]}"
	port_of[webdis]=$port_of_redis
	url_of[webdis]=http://127.0.0.1:$port
	wait_until webdis answers "${url_of[webdis]}/PING"
}

# Versions up to 3.5 have the interface of version 2, too, when they are asked for it.
start_etcd() {
	local peer old=()
	[[ $(etcd --help 2>&1) != *enable-v2* ]] || old=(--enable-v2=true)
	choose_port
	peer=http://127.0.0.1:$port
	choose_port
	url_of[etcd]=http://127.0.0.1:$port
	start etcd etcd --data-dir "$data/etcd" "${old[@]}" --logger zap --log-level error \
		--quota-backend-bytes 8589934592 \
		--listen-client-urls "${url_of[etcd]}" --advertise-client-urls "${url_of[etcd]}" \
		--listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
		--initial-cluster "default=$peer"
	wait_until etcd answers -f "${url_of[etcd]}/health"
}
