package identity

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// condition is one key under one operator of a statement.
type condition struct {
	operator string // as written
	key      string
	list     stringList // as written
	negated  bool
	ifExists bool
	each     quantifier
	null     bool // the operator is Null
	// matches reports whether a value of the request is among those of the policy.
	matches matcher
}

// quantifier says how several values of the request count [D IAM guide, "Multivalued
// context keys"].
type quantifier int

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

type matcher func(in *scope, value string) bool

// newCondition reads an operator with its prefix and suffix.
func newCondition(operator, key string, values stringList, variables bool) (condition, error) {
	c := condition{operator: operator, key: key, list: values}
	if prefix, name, ok := strings.Cut(key, ":"); !ok || prefix == "" || name == "" {
		return c, fmt.Errorf("condition key %q has no prefix, as aws:SourceIp has", key)
	}
	if len(values) == 0 {
		return c, fmt.Errorf("condition %s %s has no value", operator, key)
	}
	name := operator
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		name, c.each = rest, forAllValues
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		name, c.each = rest, forAnyValue
	}
	if rest, ok := strings.CutSuffix(name, "IfExists"); ok {
		name, c.ifExists = rest, true
	}
	var err error
	switch name {
	case "Null":
		if c.ifExists || c.each != single {
			return c, fmt.Errorf("unknown condition operator %q", operator)
		}
		c.null = true
		c.matches, err = newBool(values)
	case "StringEquals", "StringNotEquals":
		c.matches, err = newText(values, false, variables, func(want, have string) bool { return want == have })
	case "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		c.matches, err = newText(values, false, variables, strings.EqualFold)
	case "StringLike", "StringNotLike":
		c.matches, err = newText(values, true, variables, func(want, have string) bool { return glob(want, have, matchMode{}) })
	case "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike": // Equals is Like [D]
		c.matches, err = newText(values, true, variables, globARN)
	case "Bool":
		c.matches, err = newBool(values)
	case "IpAddress", "NotIpAddress":
		c.matches, err = newAddress(values)
	default:
		c.matches, err = newOrdered(name, values)
	}
	if err != nil {
		return c, fmt.Errorf("condition %s %s: %w", operator, key, err)
	}
	c.negated = strings.Contains(name, "Not")
	return c, nil
}

// holds judges the request. A key that the request lacks fails an operator unless it
// is a negated one or ends in IfExists [D IAM guide, "Condition operators"]; ForAllValues
// is true and ForAnyValue false of no values at all, IfExists or not [D, O].
//
// Where keys that differ in case only made one key of several values, an operator
// without quantifier errs on the safe side: for an Allow it has to hold for all of them,
// for a Deny for one [I].
func (c *condition) holds(in *scope, deny bool) bool {
	values, several, ok := in.values(c.key)
	ok = ok && len(values) > 0
	if c.null {
		return c.matches(in, strconv.FormatBool(!ok))
	}
	if !ok {
		switch c.each {
		case forAllValues:
			return true
		case forAnyValue:
			return false
		default:
			return c.ifExists || c.negated
		}
	}
	// Without a quantifier a negated operator wants that no value matches.
	all := c.each == forAllValues || c.each == single && c.negated
	if several && c.each == single {
		all = !deny
	}
	for _, value := range values {
		if fits := c.matches(in, value) != c.negated; fits != all {
			return fits
		}
	}
	return all
}

func (c *condition) String() string {
	return fmt.Sprintf("%s %s %s", c.operator, c.key, strings.Join(c.list, ", "))
}

func newText(values []string, wildcards, variables bool, same func(want, have string) bool) (matcher, error) {
	patterns, err := compileAll(values, wildcards, variables)
	if err != nil {
		return nil, err
	}
	return func(in *scope, value string) bool {
		for _, p := range patterns {
			if want, ok := p.expand(in); ok && same(want, value) {
				return true
			}
		}
		return false
	}, nil
}

func compileAll(values []string, wildcards, variables bool) ([]pattern, error) {
	patterns := make([]pattern, 0, len(values))
	for _, text := range values {
		p, err := compile(text, wildcards, variables)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

func newBool(values []string) (matcher, error) {
	for _, v := range values {
		if !strings.EqualFold(v, "true") && !strings.EqualFold(v, "false") {
			return nil, fmt.Errorf("%q is neither true nor false", v)
		}
	}
	return func(_ *scope, value string) bool {
		for _, v := range values {
			if strings.EqualFold(v, value) {
				return true
			}
		}
		return false
	}, nil
}

func newAddress(values []string) (matcher, error) {
	ranges := make([]netip.Prefix, 0, len(values))
	for _, v := range values {
		prefix, err := netip.ParsePrefix(v)
		if err != nil {
			addr, err := netip.ParseAddr(v)
			if err != nil || addr.Zone() != "" {
				return nil, fmt.Errorf("%q is no IP address or range", v)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		ranges = append(ranges, prefix)
	}
	return func(_ *scope, value string) bool {
		addr, err := netip.ParseAddr(value)
		if err != nil {
			return false
		}
		for _, r := range ranges {
			if r.Contains(addr.Unmap()) {
				return true
			}
		}
		return false
	}, nil
}

// newOrdered makes the numeric and date operators.
func newOrdered(name string, values []string) (matcher, error) {
	if rest, ok := strings.CutPrefix(name, "Numeric"); ok {
		if test := comparison(rest); test != nil {
			return ordered(values, test, parseNumber, cmp.Compare[float64])
		}
	}
	if rest, ok := strings.CutPrefix(name, "Date"); ok {
		if test := comparison(rest); test != nil {
			return ordered(values, test, parseDate, time.Time.Compare)
		}
	}
	return nil, fmt.Errorf("unknown condition operator %q", name)
}

// comparison returns what a comparison's sign has to be, nil for an unknown operator.
func comparison(name string) func(sign int) bool {
	switch name {
	case "Equals", "NotEquals":
		return func(sign int) bool { return sign == 0 }
	case "LessThan":
		return func(sign int) bool { return sign < 0 }
	case "LessThanEquals":
		return func(sign int) bool { return sign <= 0 }
	case "GreaterThan":
		return func(sign int) bool { return sign > 0 }
	case "GreaterThanEquals":
		return func(sign int) bool { return sign >= 0 }
	default:
		return nil
	}
}

func ordered[T any](values []string, test func(int) bool, parse func(string) (T, error), compare func(a, b T) int) (matcher, error) {
	limits := make([]T, 0, len(values))
	for _, v := range values {
		limit, err := parse(v)
		if err != nil {
			return nil, fmt.Errorf("value %q: %w", v, err)
		}
		limits = append(limits, limit)
	}
	return func(_ *scope, value string) bool {
		have, err := parse(value)
		if err != nil {
			return false
		}
		for _, limit := range limits {
			if test(compare(have, limit)) {
				return true
			}
		}
		return false
	}, nil
}

func parseNumber(s string) (float64, error) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return n, nil
}

// parseDate reads the W3C profile of ISO 8601 or seconds since 1970 [D].
func parseDate(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no ISO 8601 date", s)
	}
	return time.Unix(seconds, 0), nil
}
