package workspace

import (
	"fmt"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

func (r *Registry) rules(s *state) place[definition] { return at(r, kindRules, s.Rules) }

// rulesInput is what Create and Put take; Put has neither name nor tags [D].
type rulesInput struct {
	Name        *string           `json:"name"`
	Data        []byte            `json:"data"`
	Tags        map[string]string `json:"tags"`
	ClientToken *string           `json:"clientToken"`
}

// rulesShape is a namespace as the protocol writes it [D].
type rulesShape struct {
	ARN        string            `json:"arn"`
	Name       string            `json:"name"`
	Status     statusShape       `json:"status"`
	Data       *[]byte           `json:"data,omitempty"` // not in lists [D]
	CreatedAt  epochSeconds      `json:"createdAt"`
	ModifiedAt epochSeconds      `json:"modifiedAt"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// rulesStarted is the answer to Create and Put [D].
type rulesStarted struct {
	Name   string            `json:"name"`
	ARN    string            `json:"arn"`
	Status statusShape       `json:"status"`
	Tags   map[string]string `json:"tags,omitempty"`
}

func (r *Registry) rulesShape(p place[definition], i *item[definition]) rulesShape {
	return rulesShape{
		ARN: r.rulesARN(i.Owner, i.Name), Name: i.Name, Status: p.status(i), Tags: i.Tags,
		CreatedAt: epochSeconds(i.CreatedAt), ModifiedAt: epochSeconds(i.ModifiedAt),
	}
}

func (r *Registry) rulesAnswer(i *item[definition]) rulesStarted {
	return rulesStarted{Name: i.Name, ARN: r.rulesARN(i.Owner, i.Name), Status: i.Phase.started(), Tags: i.Tags}
}

// createRules makes a rule groups namespace.
func (r *Registry) createRules(q request) (any, error) {
	var in rulesInput
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.required("name", in.Name, namespaceRule())
	c.present("data", in.Data != nil)
	c.tags(in.Tags)
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	v, err := r.judgeRules(*in.Name, in.Data)
	if err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		i, err := r.rules(s).create(q.WorkspaceID, *in.Name, in.Tags, v.after(definition{}), v.failure)
		if err != nil {
			return answer{}, err
		}
		if err := r.countRules(s, i); err != nil {
			return answer{}, err
		}
		return answer{body: r.rulesAnswer(i), made: refOf(kindRules, i.key())}, nil
	})
}

// putRules gives a namespace that exists another rules file [D].
func (r *Registry) putRules(q request) (any, error) {
	var in rulesInput
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	var c checker
	c.path(q.Call)
	c.present("data", in.Data != nil)
	c.clientToken(in.ClientToken)
	if err := c.err(); err != nil {
		return nil, err
	}
	v, err := r.judgeRules(q.Name, in.Data)
	if err != nil {
		return nil, err
	}
	return r.once(q, in.ClientToken, func(s *state) (answer, error) {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return answer{}, err
		}
		p := r.rules(s)
		old, err := p.settled(q.WorkspaceID, q.Name)
		if err != nil {
			return answer{}, err
		}
		i := p.update(old, v.after(old.Body), v.failure)
		if err := r.countRules(s, i); err != nil {
			return answer{}, err
		}
		return answer{body: r.rulesAnswer(i)}, nil
	})
}

func (r *Registry) judgeRules(name string, data []byte) (verdict, error) {
	return r.judge(quota.RuleNamespaceSize, kindRules, name, data, func() (int, error) {
		return r.cfg.Judge.CheckRules(name, data)
	})
}

// countRules holds the rules of all namespaces of i's workspace against the
// quota. Those of a namespace that is being deleted do not count [I].
func (r *Registry) countRules(s *state, i *item[definition]) error {
	n := 0
	for _, other := range s.Rules {
		if other.Owner == i.Owner && other.Phase.Via != StatusDeleting {
			n += other.Body.Rules
		}
	}
	if r.cfg.Quotas.Exceeded(quota.Rules, int64(n)) {
		return awsapi.QuotaExceeded(
			fmt.Sprintf("Limit exceeded. Maximum rules per workspace is %d.", r.cfg.Quotas.Get(quota.Rules)),
			r.cfg.Quotas.Code(quota.Rules), string(kindRules), i.Name)
	}
	return nil
}

func (r *Registry) describeRules(q request) (any, error) {
	if _, err := r.visible(q); err != nil {
		return nil, err
	}
	p := r.rules(r.state.Load())
	i, err := p.find(q.WorkspaceID, q.Name)
	if err != nil {
		return nil, err
	}
	shape, data := r.rulesShape(p, i), i.Body.Data.bytes()
	shape.Data = &data
	return struct {
		Namespace rulesShape `json:"ruleGroupsNamespace"`
	}{shape}, nil
}

// listRules lists the namespaces whose names begin with the filter [D].
func (r *Registry) listRules(q request) (any, error) {
	var c checker
	window := c.window(q.query)
	prefix := q.optional("name")
	c.optional("name", prefix, namespaceRule())
	if err := c.err(); err != nil {
		return nil, err
	}
	if _, err := r.visible(q); err != nil {
		return nil, err
	}
	p := r.rules(r.state.Load())
	page, next := p.list(q.WorkspaceID, window, func(i *item[definition]) bool {
		return prefix == nil || strings.HasPrefix(i.Name, *prefix)
	})
	out := struct {
		Namespaces []rulesShape `json:"ruleGroupsNamespaces"`
		NextToken  string       `json:"nextToken,omitempty"`
	}{make([]rulesShape, 0, len(page)), next}
	for _, i := range page {
		out.Namespaces = append(out.Namespaces, r.rulesShape(p, i))
	}
	return out, nil
}

func (r *Registry) deleteRules(q request) (any, error) {
	return r.remove(q, func(s *state) error {
		if _, err := r.active(s, q.WorkspaceID); err != nil {
			return err
		}
		return r.rules(s).remove(q.WorkspaceID, q.Name)
	})
}
