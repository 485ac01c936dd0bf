# SPDX-License-Identifier: MIT
# What build-aux/tidy asks of a C file. Arguments: FLOORS, then the files.
#
# It reads lines, not C: functions are what begins with a brace in the first column and ends with
# one, which is how this house writes them.

function finding(line, what) {
	print path ":" line ": " what
}

function columns(text,   width, i, c) {
	gsub(/[\200-\277]/, "", text)
	if (length(text) <= 12)
		return 0
	width = 0
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		width += c == "\t" ? 8 - width % 8 : 1
	}
	return width
}

function plan_row(   i) {
	if ($1 == "floors")
		for (i = 2; i <= NF; i++)
			height[$i] = i - 2
	else if ($1 == "door")
		for (i = 3; i <= NF; i++)
			door[$2, $i] = 1
	else if ($1 == "call")
		for (i = 3; i <= NF; i++)
			caller[$i] = $2
	else if ($1 == "banned")
		for (i = 2; i <= NF; i++)
			banned[$i] = 1
	if ($1 == "door")
		known[$2] = 1
}

function file_begin(   part, parts) {
	file_end()
	path = FILENAME
	parts = split(path, part, "/")
	in_src = part[1] == "src"
	floor = in_src ? part[2] : ""
	test_floor = part[1] == "tests" && part[2] == "unit" ? part[3] : ""
	if (in_src && !(floor in height))
		finding(1, "no such floor: " floor)
	is_header = path ~ /\.h$/
	guard = ""
	in_comment = in_function = 0
	lines = 0
	if ($0 != "/* SPDX-License-Identifier: MIT */")
		finding(1, "the first line is not the SPDX line")
}

function file_end() {
	if (path == "")
		return
	if (lines > 600)
		finding(lines, "file of " lines " lines, more than 600")
	if (is_header && (guard == "" || !guarded))
		finding(1, "no header guard")
	path = ""
}

function expected_guard(   name) {
	name = path
	sub(/^src\//, "", name)
	name = toupper(name)
	gsub(/[^A-Z0-9]/, "_", name)
	return "ARY_" name
}

# The first #ifndef is the guard, and the #define of the same name follows it.
function look_at_guard() {
	if ($1 == "#ifndef" && guard == "") {
		guard = $2
		guarded = 0
		if (guard != expected_guard() && (in_src || "ARY_" guard != expected_guard()))
			finding(FNR, "header guard " guard " should be " expected_guard())
	} else if ($1 == "#define" && $2 == guard)
		guarded = 1
}

function look_at_include(   name, of) {
	if ($0 ~ /^#[ \t]*include[ \t]*</) {
		name = $0
		sub(/^[^<]*</, "", name)
		sub(/>.*/, "", name)
		if (in_src)
			look_at_door(name)
		return
	}
	name = $0
	sub(/^[^"]*"/, "", name)
	sub(/".*/, "", name)
	of = name
	sub(/\/.*/, "", of)
	if (of in height) {
		if (in_src && height[of] > height[floor])
			finding(FNR, floor "/ includes " name ", of a higher floor")
		if (test_floor in height && height[of] > height[test_floor])
			finding(FNR, "a test of " test_floor "/ includes " name ", higher up")
	} else if (in_src)
		finding(FNR, "include \"" name "\" is not \"floor/file\"")
}

function look_at_door(name,   folder) {
	folder = name
	if (sub(/\/.*/, "/*", folder) && !(name in known))
		name = folder
	if ((name, floor) in door || (name, "any") in door)
		return
	if (name in known)
		finding(FNR, floor "/ is no door for <" name ">")
	else
		finding(FNR, "no door for <" name ">")
}

# The line without comments, and with strings and characters emptied.
function code_of(text,   out, c, two, quote) {
	out = ""
	while (text != "") {
		if (in_comment) {
			c = index(text, "*/")
			if (!c)
				return out
			text = substr(text, c + 2)
			in_comment = 0
			continue
		}
		c = substr(text, 1, 1)
		two = substr(text, 1, 2)
		if (two == "//")
			return out
		if (two == "/*") {
			in_comment = 1
			text = substr(text, 3)
		} else if (c == "\"" || c == "'") {
			quote = c
			text = substr(text, 2)
			while (text != "" && substr(text, 1, 1) != quote)
				text = substr(text, substr(text, 1, 1) == "\\" ? 3 : 2)
			text = substr(text, 2)
			out = out quote quote
		} else if (match(text, /^[^\/"']+/)) {
			out = out substr(text, 1, RLENGTH)
			text = substr(text, RLENGTH + 1)
		} else {
			out = out c
			text = substr(text, 2)
		}
	}
	return out
}

# Names before a parenthesis, but for members: `file->read(` is a call of ours.
function look_at_calls(code,   name, before) {
	before = ""
	while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		name = substr(code, RSTART, RLENGTH - 1)
		sub(/[ \t]+$/, "", name)
		before = before substr(code, 1, RSTART - 1)
		if (before !~ /(->|[.])$/)
			look_at_name(name)
		before = before name "("
		code = substr(code, RSTART + RLENGTH)
	}
}

function look_at_name(name) {
	if (name in banned)
		finding(FNR, "banned: " name "()")
	else if (in_src && name in caller && index("," caller[name] ",", "," floor ",") == 0)
		finding(FNR, name "() belongs to " caller[name] "/")
}

function look_at_function() {
	if ($0 == "{") {
		in_function = 1
		function_line = FNR
	} else if ($0 ~ /^}/ && in_function) {
		if (FNR - function_line + 1 > 70)
			finding(function_line, "function of " FNR - function_line + 1 \
			    " lines, more than 70")
		in_function = 0
	} else if ($0 ~ /^[a-z].*\)[ \t]*[{]$/ && !in_function)
		finding(FNR, "the brace of a function stands on its own line")
}

NR == FNR { plan_row(); next }
FNR == 1 { file_begin() }
{ lines = FNR }
/[ \t]$/ { finding(FNR, "white space at the end of the line") }
/^  +[^ *]/ { if (!in_comment && path ~ /[.][ch]$/) finding(FNR, "indented by spaces") }
/(^|[^A-Za-z0-9_])(TO[D]O|FIX[M]E|XX[X])([^A-Za-z0-9_]|$)/ { finding(FNR, "leftover: " $0) }
columns($0) > 100 { finding(FNR, "line of more than 100 columns") }
is_header { look_at_guard() }
/^#[ \t]*include/ { look_at_include(); next }
{
	look_at_function()
	look_at_calls(code_of($0))
}
END { file_end() }
