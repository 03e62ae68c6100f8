package query

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// Parameters of AMP's own. [D] UG:AMP-APIReference-QueryMetrics
const (
	paramWarn   = "max_samples_processed_warning_threshold"
	paramRefuse = "max_samples_processed_error_threshold"
)

// maxPoints is how many points a series of a range query may have.
const maxPoints = 11_000

// maxSeconds bounds times: the engine counts nanoseconds in 64 bits.
const maxSeconds = float64(math.MaxInt64 / int64(time.Second))

// readQuery checks the parameters of query, or of query_range, in the order and
// with the texts of Cortex [C] pkg/api/queryapi, and writes them back in a form
// that leaves Prometheus' code behind nothing to round. Cortex counts in
// milliseconds, so a step of less than one is refused, and has no limit.
func (a *API) readQuery(form url.Values, ranged bool) (call, error) {
	form.Del("limit")
	c := call{ranged: ranged, warnFrom: quota.Unlimited, refuseAbove: quota.Unlimited}
	if ranged {
		if err := a.readRange(form); err != nil {
			return c, err
		}
	} else {
		at, err := parseTime(form.Get("time"), a.now())
		if err != nil {
			return c, invalid("time", fmt.Errorf("invalid time value for 'time': %w", err))
		}
		setTime(form, "time", at)
	}
	if s := form.Get("timeout"); s != "" {
		d, err := parseMillis(s)
		if err != nil {
			return c, invalid("timeout", err)
		}
		setMillis(form, "timeout", d)
	}
	if s := form.Get("lookback_delta"); s != "" {
		d, err := parseMillis(s)
		if err != nil {
			// The words of gRPC are in Cortex' text too. [C]
			return c, fmt.Errorf("error parsing lookback delta duration: rpc error: code = Code(400) desc = %w", err)
		}
		setMillis(form, "lookback_delta", max(d, 0))
	}
	var err error
	if c.warnFrom, err = parseThreshold(form, paramWarn); err != nil {
		return c, err
	}
	c.refuseAbove, err = parseThreshold(form, paramRefuse)
	return c, err
}

// readRange checks start, end and step, and aligns them if that is asked for.
func (a *API) readRange(form url.Values) error {
	start, err := parseTime(form.Get("start"), time.Time{})
	if err != nil {
		return invalid("start", err)
	}
	end, err := parseTime(form.Get("end"), time.Time{})
	if err != nil {
		return invalid("end", err)
	}
	if end < start {
		return invalid("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseMillis(form.Get("step"))
	if err != nil {
		return invalid("step", err)
	}
	if step <= 0 {
		return invalid("step", errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"))
	}
	if (end-start)/step > maxPoints {
		return errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)")
	}
	if a.align {
		start, end = floorTo(start, step), floorTo(end, step)
	}
	setTime(form, "start", start)
	setTime(form, "end", end)
	setMillis(form, "step", step)
	return nil
}

// checkLookup refuses the times that Prometheus would read as some other one.
// The rest of the parameters of series and labels is its own to judge.
func checkLookup(form url.Values) error {
	for _, name := range []string{"start", "end"} {
		s := form.Get(name)
		if f, err := strconv.ParseFloat(s, 64); err == nil && !(math.Abs(f) < math.MaxInt64/1000) {
			return fmt.Errorf("invalid parameter %q: invalid time value for '%s': cannot parse %q to a valid timestamp", name, name, s)
		}
	}
	return nil
}

// invalid is the error of a bad parameter, with Cortex' semicolon.
func invalid(name string, err error) error {
	return fmt.Errorf("invalid parameter %q; %w", name, err)
}

// parseTime reads Unix seconds or RFC 3339 as Unix milliseconds. An empty text
// is the fallback, if there is one. NaN and times that 64 bits of nanoseconds do
// not hold are none, where Cortex takes an arbitrary time. [I]
func parseTime(s string, fallback time.Time) (int64, error) {
	if s == "" && !fallback.IsZero() {
		return fallback.UnixMilli(), nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < maxSeconds {
		whole, frac := math.Modf(f)
		return int64(whole)*1000 + int64(math.Round(frac*1000)), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil && math.Abs(float64(t.Unix())) < maxSeconds {
		return t.UnixMilli(), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid timestamp", s)
}

// parseMillis reads seconds or a duration such as 5m as milliseconds.
func parseMillis(s string) (int64, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) {
		if math.Abs(f) >= maxSeconds {
			return 0, fmt.Errorf("cannot parse %q to a valid duration. It overflows int64", s)
		}
		return int64(f * 1000), nil
	}
	if d, err := model.ParseDuration(s); err == nil {
		return time.Duration(d).Milliseconds(), nil
	}
	return 0, fmt.Errorf("cannot parse %q to a valid duration", s)
}

// parseThreshold reads an integer [D]. What AMP says to another text is not
// known; ours has the form of the other parameters' errors. [I]
func parseThreshold(form url.Values, name string) (int64, error) {
	s := form.Get(name)
	if s == "" {
		return quota.Unlimited, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid(name, fmt.Errorf("cannot parse %q to a valid number of samples", s))
	}
	return n, nil
}

func setTime(form url.Values, name string, millis int64) {
	form.Set(name, time.UnixMilli(millis).UTC().Format(time.RFC3339Nano))
}

// setMillis writes whole milliseconds, which seconds in floating point may miss
// by one; only they can be negative.
func setMillis(form url.Values, name string, millis int64) {
	if millis < 0 {
		form.Set(name, strconv.FormatFloat(float64(millis)/1000, 'f', -1, 64))
		return
	}
	form.Set(name, strconv.FormatInt(millis, 10)+"ms")
}
