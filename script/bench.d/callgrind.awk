# SPDX-License-Identifier: MIT
# Reads a profile of callgrind (its names not compressed) and prints "PLACE FUNCTION INSTRUCTIONS"
# per request, for -v requests=N; the instructions are those of the function itself.

function base_of(path)
{
	sub(/.*\//, "", path)
	sub(/\.so.*/, "", path)
	return path
}

/^ob=/ { place = base_of(substr($0, 4)); next }

# A function that calls itself is told apart by its depth; here it is one.
/^fn=/ {
	name = substr($0, 4)
	sub(/'[0-9]+$/, "", name)
	next
}

# The line after a call is what the called function cost.
/^calls=/ { is_of_call = 1; next }

/^[0-9]+ [0-9]+$/ {
	if (!is_of_call)
		cost[place "\t" name] += $2
	is_of_call = 0
}

END {
	for (function_of in cost)
		printf "%s\t%.6g\n", function_of, cost[function_of] / requests
}
