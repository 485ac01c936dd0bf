# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts set variables for each other
# The programs that are measured beside ours: installed from Debian's packages, and what they are.

# Which command shows that a package is there.
declare -A command_of=([nginx]=nginx [redis-server]=redis-server [redis-tools]=redis-benchmark
	[webdis]=webdis [etcd-server]=etcd [wrk]=wrk [curl]=curl [valgrind]=valgrind)
policy=/usr/sbin/policy-rc.d
made_policy=no

has() {
	command -v "${command_of[$1]}" >/dev/null
}

is_on_offer() {
	[[ $(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p') != @(|"(none)") ]]
}

# Packages of servers start them at once; Debian's way to prevent that is a file that says no.
forbid_services() {
	[[ ! -e $policy ]] || return 0
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
	made_policy=yes
}

allow_services() {
	[[ $made_policy = no ]] || "${as_root[@]}" rm -f "$policy"
	made_policy=no
}

install_packages() {
	local package wanted=()
	as_root=()
	(($(id -u) == 0)) || as_root=(sudo)
	say "looking for: $*"
	"${as_root[@]}" apt-get -qq update || say "apt-get update failed; trying with what is known"
	for package; do
		is_on_offer "$package" && wanted+=("$package")
	done
	((${#wanted[@]} > 0)) || return 0
	say "installing ${wanted[*]}"
	forbid_services
	for package in "${wanted[@]}"; do
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
			-o=Dpkg::Use-Pty=0 install -y --no-install-recommends "$package" ||
			say "$package could not be installed"
	done
	allow_services
}

# Installs what is missing of the client and the peers. Without the client nothing can be measured.
get_peers() {
	local package missing=()
	for package in "${!command_of[@]}"; do
		has "$package" || missing+=("$package")
	done
	if ((${#missing[@]} > 0)); then
		if command -v apt-get >/dev/null; then
			install_packages "${missing[@]}"
		else
			say "without apt-get, not installed: ${missing[*]}"
		fi
	fi
	has wrk || fail "wrk is missing, and cannot be installed"
}

# Whether all of the packages $2... are there; says that peer $1 is left out when not.
can_have() {
	local peer=$1 package
	shift
	for package; do
		has "$package" && continue
		skip "$peer" "$package is not installed"
		return 1
	done
}

skip() {
	say "SKIPPED: $1: $2"
	skipped+=("$1: $2")
}

# The commit that is measured, if this is a clone of the project.
commit() {
	git -C "$root" describe --always --dirty 2>/dev/null || echo unknown
}

# One line for each program that takes part.
print_versions() {
	local version
	version=$("$program" --version | awk '{ print $NF; exit }')
	echo "- aryavarth $version, commit $(commit)"
	echo "- libmicrohttpd $(pkg-config --modversion libmicrohttpd)"
	# It tells its version and then fails.
	echo "- $({ wrk -v || :; } 2>&1 | sed -n '1s/ \[.*//p')"
	! has nginx || echo "- $(nginx -v 2>&1 | sed 's/.*: //')"
	! has redis-server || echo "- redis $(redis-server --version | awk '{ print $3 }')"
	! has webdis || echo "- webdis $(dpkg-query -W -f '${Version}' webdis)"
	! has valgrind || echo "- $(valgrind --version)"
	! has etcd-server || echo "- $(etcd --version 2>&1 | sed -n '1s/ Version: / /p')"
}

print_machine() {
	local model
	model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	echo "- $(date -u '+%Y-%m-%d %H:%M UTC'), $(nproc) processors, ${model:-unknown model}"
	echo "- Linux $(uname -r), data on $(file_system "$work")"
}
