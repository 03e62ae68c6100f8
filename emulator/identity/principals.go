package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// principals are those that a statement of a trust or resource policy is about. The
// zero value is a statement without any, which is about whoever has the policy.
type principals struct {
	everyone  bool
	accounts  []string // ids
	arns      []string // of users, roles and sessions
	federated []string
	services  []string // known to the language; no service calls the emulator
	not       bool
	named     bool
}

// nearness is how closely a statement names a principal. In the principal's own
// account a policy that names the account only hands the decision on to that account's
// policies, while one that names the principal decides itself [D IAM guide, "Policy
// evaluation logic"].
type nearness int

const (
	stranger    nearness = iota // the statement is not about this principal
	byAccount                   // its account is named
	byOwner                     // everyone, the user or the role
	bySession                   // the session itself
	byHoldingIt                 // the policy is the principal's own
)

// UnmarshalJSON implements json.Unmarshaler.
func (p *principals) UnmarshalJSON(raw []byte) error {
	p.named = true
	if string(raw) == `"*"` {
		p.everyone = true
		return nil
	}
	var doc struct {
		AWS, Federated, Service stringList
	}
	if err := strict(raw, &doc); err != nil {
		return fmt.Errorf(`is neither "*" nor of AWS, Federated and Service: %w`, err)
	}
	p.federated, p.services = doc.Federated, doc.Service
	account := regexp.MustCompile(`^(?:([0-9]{12})|arn:[a-z-]+:iam::([0-9]{12}):root)$`)
	arn := regexp.MustCompile(`^arn:[a-z-]+:(?:iam|sts)::[0-9]{12}:(?:user|role|assumed-role)/[^*?\s]+$`)
	for _, name := range doc.AWS {
		switch id := account.FindStringSubmatch(name); {
		case name == "*":
			p.everyone = true
		case id != nil:
			p.accounts = append(p.accounts, id[1]+id[2])
		case arn.MatchString(name):
			p.arns = append(p.arns, name)
		default:
			return fmt.Errorf("%q is neither an account nor the ARN of a user, role or session, nor * alone", name)
		}
	}
	if len(doc.AWS)+len(doc.Federated)+len(doc.Service) == 0 {
		return errors.New("names nobody")
	}
	return nil
}

var _ json.Unmarshaler = (*principals)(nil)

func (s *statement) readPrincipals(d statementDocument, kind use) error {
	switch {
	case kind == forIdentity && (d.Principal != nil || d.NotPrincipal != nil):
		return errors.New("a policy of a user, role or session has no Principal")
	case kind == forIdentity:
		return nil
	case d.Principal != nil && d.NotPrincipal != nil:
		return errors.New("both Principal and NotPrincipal")
	case d.Principal != nil:
		s.principals = *d.Principal
	case d.NotPrincipal == nil:
		return errors.New("no Principal")
	case !s.deny: // it would let in all the world but a few [D]
		return errors.New("NotPrincipal goes with Deny only")
	default:
		s.principals = *d.NotPrincipal
		s.principals.not = true
	}
	return nil
}

// near reports how closely a principal is named.
func (p *principals) near(who *Principal) nearness {
	if !p.named {
		return byHoldingIt
	}
	found := p.find(who)
	if p.not {
		if found == stranger {
			return byOwner
		}
		return stranger
	}
	return found
}

func (p *principals) find(who *Principal) nearness {
	if who.Kind == KindFederated {
		for _, arn := range p.federated {
			if arn == who.ARN {
				return byOwner
			}
		}
		if p.everyone {
			return byOwner
		}
		return stranger
	}
	found := stranger
	for _, arn := range p.arns {
		switch {
		case arn == who.ARN && who.RoleARN != "":
			return bySession
		case arn == who.owner():
			found = byOwner
		}
	}
	if found != stranger || p.everyone {
		return byOwner
	}
	for _, id := range p.accounts {
		if id == who.AccountID {
			return byAccount
		}
	}
	return stranger
}

func (p *principals) String() string {
	if p.everyone {
		return "*"
	}
	names := append(append([]string{}, p.accounts...), p.arns...)
	return strings.Join(append(append(names, p.federated...), p.services...), ", ")
}
