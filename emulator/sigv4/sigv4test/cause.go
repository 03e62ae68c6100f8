package sigv4test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// Causes of a server before it looks at the signature: routing and the body come
// first. They are the words of package explain.
const (
	causeUnknownRoute   = "unknown-route"
	causeBodyUnreadable = "body-unreadable"
	causeUnsignedSTS    = "sts-missingauthenticationtoken"
)

// Wrong says what is wrong with the cause that a server names for the change of a
// request that it had accepted before; nil if the cause is right. Of a change that no
// computation can undo, such as one of a query's value, a server can only say that
// something that is signed was changed: that is right if it does not call it proven.
func (c Change) Wrong(cause string, proven bool, skew time.Duration, now time.Time) error {
	right := c.right(skew, now)
	for _, r := range right {
		if r.cause == cause && r.proven == proven {
			return nil
		}
	}
	return fmt.Errorf("a changed %s (%s byte %d, %q for %q) of %s %s is explained by %s (proven: %t), want one of %v", c.Place, c.Header,
		c.Offset-c.at.start, c.Request[c.Offset], c.of[c.Offset], c.of.Method(), c.of.Target(), cause, proven, right)
}

// verdict is a cause and whether it is proven.
type verdict struct {
	cause  string
	proven bool
}

func (v verdict) String() string { return fmt.Sprintf("%s (proven: %t)", v.cause, v.proven) }

// right lists what may be said. What STS is asked stands in the form, so that a
// request to it may come to be no request to STS at all; and it has actions without a
// signature, to which an authorization that is none of AWS's does not matter.
func (c Change) right(skew time.Duration, now time.Time) []verdict {
	right := c.rightByPlace(skew, now)
	if path, _, _ := strings.Cut(c.of.Target(), "?"); path != "/" {
		return right
	}
	switch {
	case c.Place == PlaceBody || c.Place == PlaceQuery || c.Header == "content-type":
		right = append(right, verdict{causeUnknownRoute, false})
	case c.Place == PlaceAlgorithm && c.Offset-c.at.start < len("AWS4-") && c.of.Header("Authorization") != "":
		return []verdict{{causeUnsignedSTS, false}}
	}
	return right
}

func (c Change) rightByPlace(skew time.Duration, now time.Time) []verdict {
	content := verdict{sigv4.CauseContent, false}
	one := func(cause string) []verdict { return []verdict{{cause, false}} }
	hasHash := c.of.Header("X-Amz-Content-Sha256") != ""
	switch c.Place {
	case PlaceAlgorithm:
		return one(sigv4.ReasonUnsupportedAlgorithm)
	case PlaceKey:
		return one(sigv4.ReasonUnknownKey)
	case PlaceScopeDay, PlaceTerminator:
		return one(sigv4.CauseScope)
	case PlaceRegion:
		return one(sigv4.CauseRegion)
	case PlaceService:
		return one(sigv4.CauseService)
	case PlaceSeparator:
		return one(sigv4.ReasonBadCredential)
	case PlaceToken:
		return one(sigv4.CauseTokenOther)
	case PlaceSignature:
		return []verdict{{sigv4.CauseSignature, true}}
	case PlaceSignedHeaders:
		if !slices.Contains(c.signedNames(), "host") {
			return one(sigv4.ReasonHostNotSigned)
		}
		return one(sigv4.CauseHeaderMissing)
	case PlaceDate:
		return c.rightOfDate(skew, now)
	case PlaceHost:
		if strings.HasSuffix(c.of.Header("Host"), ".amazonaws.com") {
			return []verdict{{sigv4.CauseHost, true}} // AWS's own names are known
		}
		return []verdict{content}
	case PlaceHeader:
		return c.rightOfHeader(content)
	case PlaceLength:
		if bytes.Compare(c.Request, c.of) > 0 {
			return one(causeBodyUnreadable)
		}
		return []verdict{content}
	case PlacePath:
		return []verdict{content, {causeUnknownRoute, false}}
	case PlaceBody:
		if hasHash {
			return []verdict{{sigv4.CauseBody, true}}
		}
	case PlaceQuery:
	}
	return []verdict{content}
}

// rightOfHeader tells the values that every client has from those that a server
// cannot guess.
func (c Change) rightOfHeader(content verdict) []verdict {
	changed := verdict{sigv4.CauseHeaderChanged, true}
	was := string(c.of[c.at.start:c.at.end])
	common := map[string][]string{
		"content-type":     {"application/json", "application/x-protobuf", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"},
		"content-encoding": {"snappy"},
		"accept-encoding":  {"identity"},
	}
	switch {
	case c.Header == "x-amz-content-sha256":
		return []verdict{{sigv4.CausePayloadHeader, false}}
	case slices.Contains(common[c.Header], was):
		return []verdict{changed}
	}
	return []verdict{content}
}

// rightOfDate goes by how far the changed date is off.
func (c Change) rightOfDate(skew time.Duration, now time.Time) []verdict {
	date := c.Request.Header("X-Amz-Date")
	if c.Header == "" { // of a presigned query
		date = string(c.Request[c.at.start:c.at.end])
	}
	when, err := time.Parse("20060102T150405Z", date)
	switch {
	case err != nil:
		return []verdict{{sigv4.ReasonBadDate, false}}
	case when.After(now.Add(skew)):
		return []verdict{{sigv4.CauseClockAhead, false}}
	case when.Before(now.Add(-skew)):
		return []verdict{{sigv4.CauseClockBehind, false}}
	}
	return []verdict{{sigv4.CauseDate, true}}
}

// signedNames are the names that the changed request lists.
func (c Change) signedNames() []string {
	names := string(c.Request[c.at.start:c.at.end])
	return strings.Split(strings.ReplaceAll(names, "%3B", ";"), ";")
}
