package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// Level is how binding a behaviour is.
type Level string

// The levels. A run fails if a MUST fails.
const (
	// Must is documented, or was seen at AMP itself: [D] and [O].
	Must Level = "MUST"
	// Should is how AWS's usual front, or the Cortex behind AMP, does it.
	Should Level = "SHOULD"
	// May is what a target is free to do in another way.
	May Level = "MAY"
	// Unknown is what nobody has written down: recorded, not judged.
	Unknown Level = "UNKNOWN"
)

// Levels returns all levels, the most binding first.
func Levels() []Level { return []Level{Must, Should, May, Unknown} }

// Area is a part of AMP's behaviour.
type Area string

// The areas.
const (
	Authentication Area = "authentication"
	Authorization  Area = "authorization"
	RemoteWriting  Area = "remote-write"
	ReadBack       Area = "read-back"
	Querying       Area = "query"
	Metadata       Area = "metadata"
	SeriesLabels   Area = "series"
	Rules          Area = "rules"
	AlertManager   Area = "alertmanager"
	ControlPlane   Area = "control-plane"
	Quotas         Area = "quotas"
	OpenQuestions  Area = "open-questions"
)

// Areas returns all areas in the order of reports.
func Areas() []Area {
	return []Area{
		Authentication, Authorization, RemoteWriting, ReadBack, Querying, Metadata, SeriesLabels,
		Rules, AlertManager, ControlPlane, Quotas, OpenQuestions,
	}
}

// Needs is what a check needs besides endpoint, region and credentials; a set.
type Needs uint

// The needs.
const (
	// NeedsRole is a role that the credentials may assume ([Target.Role]). The
	// check is not run where there is none.
	NeedsRole Needs = 1 << iota
	// NeedsSlow marks a check that takes longer than 10 s on AWS.
	NeedsSlow
)

// needWords are the words for Needs.
func needWords() []string { return []string{"role", "slow"} }

// MarshalText writes the set as words with commas between.
func (n Needs) MarshalText() ([]byte, error) {
	var words []string
	for i, word := range needWords() {
		if n&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	return []byte(strings.Join(words, ",")), nil
}

// UnmarshalText reads what MarshalText writes.
func (n *Needs) UnmarshalText(text []byte) error {
	*n = 0
	for word := range strings.SplitSeq(string(text), ",") {
		i := slices.Index(needWords(), word)
		if i < 0 && word != "" {
			return fmt.Errorf("%q is none of the needs %s", word, strings.Join(needWords(), ", "))
		}
		if i >= 0 {
			*n |= 1 << i
		}
	}
	return nil
}

// Check is one behaviour of AMP and how to see it.
type Check struct {
	// ID is dotted, lower-case and stable, and begins with the area:
	// authentication.signature.wrong-secret.
	ID    string `json:"id"`
	Level Level  `json:"level"`
	Area  Area   `json:"area"`
	// Description is one sentence: who does what is answered how.
	Description string `json:"description"`
	// Source is a document or amp-api.md's place with its mark:
	// "amp-api.md 1.5 row 16 [O]".
	Source string `json:"source"`
	Needs  Needs  `json:"needs,omitempty"`
	// Run sees to it; ctx ends when the check's time is over.
	Run func(ctx context.Context, t *T) `json:"-"`
}

// All returns all checks, by area and id.
func All() []Check {
	return sorted(slices.Concat(
		authenticationChecks(),
		authorizationChecks(),
		remoteWriteChecks(),
		readBackChecks(),
		queryChecks(),
		metadataChecks(),
		seriesChecks(),
		rulesChecks(),
		alertManagerChecks(),
		controlPlaneChecks(),
		quotasChecks(),
		openQuestionsChecks(),
	))
}

// sorted puts checks into the order of areas, and of ids within one.
func sorted(checks []Check) []Check {
	areas := Areas()
	slices.SortFunc(checks, func(a, b Check) int {
		return cmp.Or(cmp.Compare(slices.Index(areas, a.Area), slices.Index(areas, b.Area)), cmp.Compare(a.ID, b.ID))
	})
	return checks
}
