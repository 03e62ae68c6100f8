package timeline

import (
	"strconv"
	"strings"
)

// num prints a number as people write it: no trailing zeros, at most two digits after the point.
func num(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" || text == "" {
		return "0"
	}
	return text
}

func join(parts []string) string { return strings.Join(parts, "; ") }
