package workspace

import (
	"errors"
	"fmt"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// Judge decides on definitions. An *awsapi.Error refuses the request; any other
// error is what the definition fails with after it was taken: CREATION_FAILED or
// UPDATE_FAILED with the text as the reason.
type Judge interface {
	// CheckRules returns the number of rules in a rules file.
	CheckRules(namespace string, data []byte) (rules int, err error)
	// CheckAlertManager checks an alert manager definition.
	CheckAlertManager(data []byte) error
}

// lenient is the Judge of a registry that was given none.
type lenient struct{}

// CheckRules implements Judge.
func (lenient) CheckRules(string, []byte) (int, error) { return 0, nil }

// CheckAlertManager implements Judge.
func (lenient) CheckAlertManager([]byte) error { return nil }

// definition is a rules file or an alert manager definition.
type definition struct {
	// Data is what was given last; Describe shows it even if it failed [I].
	Data *blob `json:"data"`
	// Good is what is in force: the last Data that did not fail.
	Good *blob `json:"good,omitempty"`
	// Rules is how many rules are in Good.
	Rules int `json:"rules,omitempty"`
}

// verdict is what a definition comes to.
type verdict struct {
	data    *blob
	rules   int
	failure error
}

// after returns the definition that takes the place of old.
func (v verdict) after(old definition) definition {
	if v.failure != nil {
		return definition{Data: v.data, Good: old.Good, Rules: old.Rules}
	}
	return definition{Data: v.data, Good: v.data, Rules: v.rules}
}

// judge measures a definition and has it judged. Its size is a quota with a code
// of its own in Service Quotas, so too large a one is 402 and not 400 [I; the
// operations declare both].
func (r *Registry) judge(size quota.ID, k kind, id string, data []byte, check func() (int, error)) (verdict, error) {
	if r.cfg.Quotas.Exceeded(size, int64(len(data))) {
		return verdict{}, awsapi.QuotaExceeded(
			fmt.Sprintf("Limit exceeded. Maximum size of %s is %d bytes.", k.noun(), r.cfg.Quotas.Get(size)),
			r.cfg.Quotas.Code(size), string(k), id)
	}
	rules, err := check()
	if refusal := (*awsapi.Error)(nil); errors.As(err, &refusal) {
		return verdict{}, refusal
	}
	return verdict{data: newBlob(data), rules: rules, failure: err}, nil
}
