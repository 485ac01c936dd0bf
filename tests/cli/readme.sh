#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: what README.md tells people to paste does what it says there, the tests that it names are
# there, and its figures are those of docs/PERFORMANCE.md.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
cp "$top/README.md" README.md

# Whether the lines of file $2 are those of file $1, where ... stands for any text.
matches() {
	awk -v wanted_file="$1" '
		function fits(line, wanted,    n, parts, i, at) {
			n = split(wanted, parts, /\.\.\./)
			if (n == 1)
				return line == wanted
			if (substr(line, 1, length(parts[1])) != parts[1])
				return 0
			line = substr(line, length(parts[1]) + 1)
			for (i = 2; i < n; i++) {
				at = index(line, parts[i])
				if (at == 0)
					return 0
				line = substr(line, at + length(parts[i]))
			}
			return length(line) >= length(parts[n]) &&
				substr(line, length(line) - length(parts[n]) + 1) == parts[n]
		}
		BEGIN {
			while ((getline wanted < wanted_file) > 0)
				lines[++count] = wanted
		}
		{
			sub(/\r$/, "")
			if (NR > count || !fits($0, lines[NR]))
				wrong = 1
		}
		END { exit wrong || NR != count }' "$2"
}

# The lines are checked against one that is known to differ, lest everything fits.
echo '{"a":...,"b":2}' >pattern
echo '{"a":1,"b":2}' >right
echo '{"a":1,"b":3}' >wrong
matches pattern right || fail "the comparison refuses what fits"
matches pattern wrong && fail "the comparison takes what does not fit"

# Compares what the last command printed with what README.md shows.
compare() {
	[ -n "$command" ] || return
	matches shown printed || {
		fail "README.md: $command"
		sed 's/^/  shown:   /' shown
		sed 's/^/  printed: /' printed
		echo
	}
	compared=$((compared + 1))
}

serve --dir data
sed -n '/<!-- curl: begin -->/,/<!-- curl: end -->/p' README.md |
	sed -n '/^```sh$/,/^```$/p' | sed '/^```/d' |
	sed "s|http://127.0.0.1:8080|$server_url|g" >block
command=
compared=0
: >shown
: >printed
while IFS= read -r line <&3; do
	case $line in
	'#> '*)
		printf '%s\n' "${line#"#> "}" >>shown
		;;
	'' | '#'*) ;;
	*)
		compare
		: >shown
		command=$line
		eval "$line" >printed 2>&1
		;;
	esac
done 3<block
compare
check "README.md shows curl at work ($compared commands)" [ "$compared" -ge 15 ]
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]

# The commands without a server, and with one.
sed -n '/^## On the command line/,/^## /p' README.md |
	sed -n 's/^    aryavarth \([^#]*\).*/\1/p' >all-commands
grep -v -e '^health' -e --server all-commands >commands
check "README.md shows the command line" [ "$(wc -l <commands)" -ge 5 ]
while IFS= read -r line; do
	check "README.md: aryavarth $line" sh -c "'$aryavarth' $line" </dev/null
done <commands
check "README.md exports something" [ -s lines ]
serve --dir data
grep -e --server all-commands | sed "s|http://127.0.0.1:8080|$server_url|" >commands
check "README.md shows commands with a server" [ "$(wc -l <commands)" -ge 3 ]
while IFS= read -r line; do
	check "README.md: aryavarth $line" sh -c "'$aryavarth' $line" </dev/null
done <commands
stop_server TERM
check "the server ends well" [ "$status" -eq 0 ]

# Files that it names.
grep -o '`\(tests\|docs\|src\|script\|docker\)/[A-Za-z0-9_/.-]*`' README.md |
	tr -d '`' | sort -u >named
while IFS= read -r name; do
	check "README.md names $name, which is not there" [ -e "$top/$name" ]
done <named
check "README.md names its tests" [ "$(grep -c '^tests/' named)" -ge 10 ]

# Figures are those of the report, row by row.
sed -n '/<!-- figures: begin -->/,/<!-- figures: end -->/p' README.md | grep '^|' >figures
while IFS= read -r line; do
	check "README.md has a figure that the report has not: $line" \
		grep -qxF -e "$line" "$top/docs/PERFORMANCE.md"
done <figures
check "README.md has figures" [ "$(wc -l <figures)" -ge 10 ]

# Exit statuses are those of the program.
for code in 0 1 2 3; do
	text=$("$aryavarth" help | sed -n "s/^  $code  //p" | cut -c 1-20)
	check "README.md explains exit status $code as help does" \
		grep -q "^| $code | .*$(echo "$text" | cut -d: -f1 | cut -d, -f1)" README.md
done
finish
