package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// grouped writes a whole number with its thousands apart: 1,666,666.
func grouped(v any) string {
	s := fmt.Sprint(v)
	digits := strings.TrimPrefix(s, "-")
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return s[:len(s)-len(digits)] + b.String()
}

// perSecond writes a rate, finer where it is small.
func perSecond(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 1000:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return grouped(int64(math.Round(v)))
	}
}

// took writes how long a request took, from seconds.
func took(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Millisecond:
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 2, 64) + " ms"
	case d < time.Second:
		return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
}

// line is one of a numbered text.
type line struct {
	Number int
	Text   string
	Marked bool
}

// lines numbers the lines of a text and marks one of them.
func lines(text string, marked int) []line {
	var out []line
	for s := range strings.SplitSeq(text, "\n") {
		n := len(out) + 1
		out = append(out, line{n, s, n == marked})
	}
	return out
}

// uptime is in the two largest units: 3h 4m.
func uptime(d time.Duration) string {
	d = max(d, 0).Truncate(time.Second)
	days, hours, minutes, seconds := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %d s", minutes, seconds)
	default:
		return fmt.Sprintf("%d s", seconds)
	}
}
