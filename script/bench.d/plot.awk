# SPDX-License-Identifier: MIT
# Draws a plot as SVG, from lines on standard input, for -v kind=, title=, x_axis=, y_axis=:
#   bars   LABEL VALUE                     ratios, horizontal, one below the other
#   lines  LABEL CATEGORY VALUE            one line a label; categories at equal distances
# Fields are separated by tabs. Colours follow the reader's light or dark theme; lines differ in
# dashes and marks as well.

BEGIN { FS = "\t"; width = 760 }

function escaped(text)
{
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	return text
}

function text_at(x, y, anchor, class, text)
{
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n",
		x, y, anchor, class, escaped(text)
}

function line_at(x1, y1, x2, y2, class)
{
	printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
		x1, y1, x2, y2, class
}

# 1, 2 or 5 times a power of ten, so that some five of them reach MOST.
function tick_of(most,   unit)
{
	unit = 1
	while (unit * 10 <= most / 5)
		unit *= 10
	while (unit > most / 5)
		unit /= 10
	if (unit * 5 <= most / 5)
		return unit * 5
	return unit * 2 <= most / 5 ? unit * 2 : unit
}

function number(value)
{
	if (value >= 10000)
		return sprintf("%.0fk", value / 1000)
	if (value >= 1000 && value % 1000 == 0)
		return sprintf("%dk", value / 1000)
	return value >= 100 ? sprintf("%.0f", value) : sprintf("%.3g", value)
}

function ratio(value)
{
	return sprintf(value < 10 ? "%.2f" : "%.1f", value)
}

function colours(is_dark,   i, list)
{
	split(is_dark ? "#ff9d5c #6cb6ff #5fd3a0 #d2a8ff #e3c04f #9aa7b4" : \
		"#c2410c #1f6feb #15803d #8b3fc7 #8a6d00 #57606a", list, " ")
	for (i = 1; i <= 6; i++)
		printf ".s%d{stroke:%s}.f%d{fill:%s}", i, list[i], i, list[i]
}

function begin(height, description)
{
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\"" \
		" viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t d\">\n",
		width, height, width, height
	printf "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n", escaped(title),
		escaped(description)
	print "<style>"
	print "text{font-family:sans-serif;font-size:13px;fill:#1f2328}"
	print ".head{font-size:16px;font-weight:bold}.small{font-size:12px}"
	print ".back{fill:#ffffff}.grid{stroke:#d0d7de}.axis{stroke:#57606a}"
	print ".curve{fill:none;stroke-width:2.5}"
	print ".d2{stroke-dasharray:8 3}.d3{stroke-dasharray:3 3}.d4{stroke-dasharray:10 3 2 3}" \
		".d5{stroke-dasharray:1 4;stroke-linecap:round}.d6{stroke-dasharray:14 4}"
	colours(0)
	print ""
	printf "@media (prefers-color-scheme: dark){"
	printf "text{fill:#e6edf3}.back{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#9198a1}"
	colours(1)
	print "}"
	print "</style>"
	printf "<rect class=\"back\" width=\"%d\" height=\"%d\"/>\n", width, height
	text_at(16, 28, "start", "head", title)
}

# ---- Bars ----

function draw_bars(   i, left, right, top, row, bottom, tick, at, scale, text)
{
	left = 190
	right = width - 80
	top = 48
	row = 34
	bottom = top + n * row + 6
	for (i = 1; i <= n; i++) {
		most = value[i] > most ? value[i] : most
		text = text (i > 1 ? ", " : "") label[i] " " ratio(value[i])
	}
	scale = (right - left) / most
	begin(bottom + 54, x_axis ": " text)
	tick = tick_of(most)
	for (at = 0; at <= most; at += tick) {
		line_at(left + at * scale, top, left + at * scale, bottom, "grid")
		text_at(left + at * scale, bottom + 18, "middle", "small", number(at))
	}
	for (i = 1; i <= n; i++) {
		at = top + (i - 1) * row + 6
		text_at(left - 10, at + 17, "end", "", label[i])
		printf "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
			label[i] == "aryavarth" ? "f1" : "f2", left, at, value[i] * scale, row - 10
		text_at(left + value[i] * scale + 6, at + 17, "start", "",
			ratio(value[i]))
	}
	line_at(left, top, left, bottom, "axis")
	if (most > 1)
		line_at(left + scale, top, left + scale, bottom, "axis d3")
	text_at((left + right) / 2, bottom + 42, "middle", "", x_axis)
}

# ---- Lines ----

function mark_at(x, y, i)
{
	if (i % 3 == 1)
		printf "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>\n", i, x, y
	else if (i % 3 == 2)
		printf "<rect class=\"f%d\" x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\"/>\n", i,
			x - 4, y - 4
	else
		printf "<path class=\"f%d\" d=\"M%.1f %.1fl5 9h-10z\"/>\n", i, x, y - 5
}

function draw_curve(i,   j, points, x, y)
{
	for (j = 1; j <= categories; j++) {
		if (!((i, j) in point))
			continue
		x = left + (j - 0.5) * step
		y = bottom - point[i, j] * scale
		points = points sprintf("%.1f,%.1f ", x, y)
		marks[j] = x "\t" y
	}
	printf "<polyline class=\"curve s%d d%d\" points=\"%s\"/>\n", i, i, points
	for (j = 1; j <= categories; j++) {
		if ((i, j) in point) {
			split(marks[j], at_mark, "\t")
			mark_at(at_mark[1], at_mark[2], i)
		}
	}
}

function draw_legend(i, y)
{
	printf "<line class=\"curve s%d d%d\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", i, i,
		right + 18, y, right + 52, y
	mark_at(right + 35, y, i)
	text_at(right + 60, y + 5, "start", "", series[i])
}

function last_of(i)
{
	return point[i, categories]
}

# The series by their last value, highest first, as the lines end.
function order_series(   i, j, t)
{
	for (i = 1; i <= n; i++)
		order[i] = i
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && last_of(order[j]) > last_of(order[j - 1]); j--) {
			t = order[j]
			order[j] = order[j - 1]
			order[j - 1] = t
		}
}

function draw_lines(   i, j, at, tick)
{
	left = 66
	right = width - 200
	bottom = 330
	step = (right - left) / categories
	scale = (bottom - 62) / most
	begin(bottom + 60, y_axis " over " x_axis ", a line for each of: " names)
	tick = tick_of(most)
	for (at = 0; at <= most; at += tick) {
		line_at(left, bottom - at * scale, right, bottom - at * scale, "grid")
		text_at(left - 8, bottom - at * scale + 4, "end", "small", number(at))
	}
	line_at(left, bottom, right, bottom, "axis")
	for (j = 1; j <= categories; j++)
		text_at(left + (j - 0.5) * step, bottom + 19, "middle", "small", category[j])
	text_at((left + right) / 2, bottom + 44, "middle", "", x_axis)
	text_at(16, 50, "start", "small", y_axis)
	order_series()
	for (i = n; i >= 1; i--)
		draw_curve(i)
	for (i = 1; i <= n; i++)
		draw_legend(order[i], 80 + (i - 1) * 26)
}

kind == "bars" { n++; label[n] = $1; value[n] = $2 }

kind == "lines" {
	if (!($1 in series_of)) {
		series_of[$1] = ++n
		series[n] = $1
		names = names (n > 1 ? ", " : "") $1
	}
	if (!($2 in category_of)) {
		category_of[$2] = ++categories
		category[categories] = $2
	}
	point[series_of[$1], category_of[$2]] = $3
	most = $3 > most ? $3 : most
}

END {
	if (n == 0)
		exit 1
	if (kind == "bars")
		draw_bars()
	else
		draw_lines()
	print "</svg>"
}
