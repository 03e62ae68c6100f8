package quota

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/common/model"
)

// The words that stand for values.
const (
	wordUnlimited = "unlimited"
	wordDefault   = "default"
)

func parse(d Definition, text string) (int64, error) {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case wordUnlimited, "-1":
		return Unlimited, nil
	case wordDefault:
		return d.Default, nil
	}
	if n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64); err == nil {
		if n < 0 {
			return 0, fmt.Errorf("%q is negative; say unlimited", text)
		}
		if d.Unit == UnitMillis && n != 0 {
			return 0, fmt.Errorf("%q has no unit; write %ss, %sm, %sh or %sd", text, text, text, text, text)
		}
		return n, nil
	}
	switch d.Unit {
	case UnitMillis:
		t, err := model.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("%q is no time such as 90s, 1h30m or 32d", text)
		}
		return time.Duration(t).Milliseconds(), nil
	case UnitBytes:
		b, err := units.ParseBase2Bytes(text)
		if err != nil || b < 0 {
			return 0, fmt.Errorf("%q is no size such as 1048576, 512KiB or 1MiB", text)
		}
		return int64(b), nil
	default:
		return 0, fmt.Errorf("%q is not a whole number, unlimited or default", text)
	}
}

func format(u Unit, v int64) string {
	switch {
	case v < 0:
		return wordUnlimited
	case u == UnitMillis:
		return model.Duration(time.Duration(v) * time.Millisecond).String()
	default:
		return strconv.FormatInt(v, 10)
	}
}

// scalar writes a value of a YAML or JSON file as text.
func scalar(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	default:
		return "", errors.New("not a number or a text")
	}
}
