package alerting

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/expression"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// maxGroupKey bounds the bytes of namespace and group name together. [D] API
// model, amp-api.md 2.1
const maxGroupKey = 721

// CheckRules judges a rule file and returns the number of its rules. An
// *awsapi.Error refuses it outright: it is not YAML of the right shape. With
// any other error the definition is taken and fails, the error being the reason
// that is shown. [I] amp-api.md 2.3
func (m *Manager) CheckRules(namespace string, data []byte) (int, error) {
	groups, err := parseRules(data)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, g := range groups.Groups {
		n += len(g.Rules)
		if size := len(namespace) + len(g.Name); size > maxGroupKey {
			return 0, fmt.Errorf("group %q: the names of namespace and group have %d bytes, the limit is %d", g.Name, size, maxGroupKey)
		}
		interval := time.Duration(g.Interval)
		if interval == 0 {
			interval = defaultRuleInterval
		}
		if least := m.cfg.Quotas.Duration(quota.RuleIntervalMin); least >= 0 && interval < least {
			return 0, fmt.Errorf("group %q: the evaluation interval is %s, it must be at least %s",
				g.Name, model.Duration(interval), model.Duration(least))
		}
	}
	return n, nil
}

// parseRules reads a rule file. Rules that are alike are no fault, as they are
// none to Cortex [C].
func parseRules(data []byte) (*rulefmt.RuleGroups, error) {
	groups, errs := rulefmt.Parse(data, false, model.LegacyValidation, expression.NewParser(), slog.New(slog.DiscardHandler))
	if groups == nil {
		return nil, unreadable(errors.Join(errs...))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return groups, nil
}

// unreadable refuses a definition that is no YAML of the right shape.
func unreadable(err error) error {
	return awsapi.Validation(awsapi.ReasonFieldValidationFailed, "The definition cannot be read: "+err.Error(),
		awsapi.Field{Name: "data", Message: err.Error()})
}
