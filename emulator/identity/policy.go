package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	kjson "sigs.k8s.io/json"
)

// maxPolicySize is how many characters a policy may have, blanks not counted. It is
// the largest of IAM's quotas, that of a role's inline policies [D IAM quotas].
const maxPolicySize = 10240

// Policy is a parsed policy document. It does not change, so it is safe for
// concurrent use.
type Policy struct {
	statements []statement
	document   string
}

// Document is the text that the policy was read from.
func (p *Policy) Document() string { return p.document }

// use is what a policy is for, which decides about its members.
type use int

const (
	forIdentity use = iota // no Principal, a Resource
	forTrust               // a Principal, no Resource
	forResource            // a Principal, a Resource if need be
)

// statement is one of a policy.
type statement struct {
	name       string // its Sid, or which one it is
	deny       bool
	principals principals
	actions    []pattern
	notActions bool
	resources  []pattern // nil: of the resource that the policy is attached to
	notRes     bool
	conditions []condition
}

// ParsePolicy reads a policy of a user, a role or a session. An unknown member,
// operator or version is an error, as is anything else that IAM refuses.
func ParsePolicy(document []byte) (*Policy, error) { return parse(document, forIdentity) }

// ParseTrustPolicy reads a role's trust policy, whose statements name principals and
// no resource.
func ParseTrustPolicy(document []byte) (*Policy, error) { return parse(document, forTrust) }

// ParseResourcePolicy reads a policy on a resource, such as a workspace's.
func ParseResourcePolicy(document []byte) (*Policy, error) { return parse(document, forResource) }

// policyDocument and statementDocument are the policy language's grammar [D IAM guide,
// "Grammar of the IAM JSON policy language"].
type policyDocument struct {
	Version   string
	ID        string `json:"Id"`
	Statement json.RawMessage
}

type statementDocument struct {
	Sid          string
	Effect       string
	Principal    *principals
	NotPrincipal *principals
	Action       stringList
	NotAction    stringList
	Resource     stringList
	NotResource  stringList
	Condition    map[string]map[string]stringList
}

// stringList is a text or a list of texts; numbers and booleans count as texts [D].
type stringList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *stringList) UnmarshalJSON(raw []byte) error {
	one := func(raw json.RawMessage) error {
		var s string
		switch text := string(raw); {
		case text == "" || strings.ContainsAny(text[:1], "{[n"):
			return fmt.Errorf("%.40s is no text", text)
		case text[0] == '"':
			if err := json.Unmarshal(raw, &s); err != nil {
				return fmt.Errorf("read a text: %w", err)
			}
		default:
			s = text
		}
		*l = append(*l, s)
		return nil
	}
	*l = stringList{}
	if !strings.HasPrefix(string(raw), "[") {
		return one(raw)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("read a list: %w", err)
	}
	for _, raw := range list {
		if err := one(raw); err != nil {
			return err
		}
	}
	return nil
}

// strict decodes JSON; member names are to be exact, known and given once.
func strict(raw []byte, into any) error {
	problems, err := kjson.UnmarshalStrict(raw, into)
	return errors.Join(append(problems, err)...)
}

func parse(document []byte, kind use) (*Policy, error) {
	size := 0
	for _, r := range string(document) {
		if !unicode.IsSpace(r) {
			size++
		}
	}
	if size > maxPolicySize {
		return nil, fmt.Errorf("policy has %d characters, more than %d", size, maxPolicySize)
	}
	var doc policyDocument
	if err := strict(document, &doc); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	variables := false
	switch doc.Version {
	case "2012-10-17":
		variables = true
	case "2008-10-17", "": // the default is the older one [D]
	default:
		return nil, fmt.Errorf("policy version %q is neither 2012-10-17 nor 2008-10-17", doc.Version)
	}
	var statements []statementDocument
	if raw := strings.TrimSpace(string(doc.Statement)); strings.HasPrefix(raw, "{") {
		doc.Statement = json.RawMessage("[" + raw + "]") // a single one needs no list [D]
	}
	if len(doc.Statement) == 0 {
		return nil, errors.New("policy has no Statement")
	}
	if err := strict(doc.Statement, &statements); err != nil {
		return nil, fmt.Errorf("read policy's statements: %w", err)
	}
	if len(statements) == 0 {
		return nil, errors.New("policy has no Statement")
	}
	p := &Policy{document: string(document)}
	sids := make(map[string]bool)
	for i, d := range statements {
		s, err := newStatement(d, kind, variables)
		if s.name == "" {
			s.name = fmt.Sprintf("number %d", i+1)
		}
		if err != nil {
			return nil, fmt.Errorf("statement %s: %w", s.name, err)
		}
		if d.Sid != "" && sids[d.Sid] {
			return nil, fmt.Errorf("statement %s: another one has this Sid", s.name)
		}
		sids[d.Sid] = true
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func newStatement(d statementDocument, kind use, variables bool) (statement, error) {
	s := statement{}
	if d.Sid != "" {
		s.name = fmt.Sprintf("%q", d.Sid)
	}
	for _, r := range d.Sid {
		if kind != forResource && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)) {
			return s, errors.New("Sid has characters other than letters and digits") //nolint:staticcheck // Sid is a name
		}
	}
	switch d.Effect {
	case "Allow":
	case "Deny":
		s.deny = true
	default:
		return s, fmt.Errorf("Effect %q is neither Allow nor Deny", d.Effect)
	}
	if err := s.readPrincipals(d, kind); err != nil {
		return s, err
	}
	if err := s.readActions(d); err != nil {
		return s, err
	}
	if err := s.readResources(d, kind, variables); err != nil {
		return s, err
	}
	for operator, keys := range d.Condition {
		if len(keys) == 0 {
			return s, fmt.Errorf("condition %s has no key", operator)
		}
		for key, values := range keys {
			c, err := newCondition(operator, key, values, variables)
			if err != nil {
				return s, err
			}
			s.conditions = append(s.conditions, c)
		}
	}
	sortConditions(s.conditions)
	return s, nil
}

// oneOf picks of a member and its negation the one that is there.
func oneOf(name string, list, not stringList) (stringList, bool, error) {
	switch {
	case list != nil && not != nil:
		return nil, false, fmt.Errorf("both %s and Not%s", name, name)
	case len(list) > 0:
		return list, false, nil
	case len(not) > 0:
		return not, true, nil
	default:
		return nil, false, fmt.Errorf("no %s", name)
	}
}

func (s *statement) readActions(d statementDocument) error {
	list, not, err := oneOf("Action", d.Action, d.NotAction)
	if err != nil {
		return err
	}
	service := regexp.MustCompile(`^(\*|[a-zA-Z0-9-]+:\S+|\*:\*)$`)
	for _, action := range list {
		if !service.MatchString(action) {
			return fmt.Errorf("action %q is neither * nor SERVICE:ACTION, such as aps:RemoteWrite", action)
		}
	}
	s.notActions = not
	s.actions, err = compileAll(list, true, false)
	return err
}

func (s *statement) readResources(d statementDocument, kind use, variables bool) error {
	if kind == forTrust {
		if d.Resource != nil || d.NotResource != nil {
			return errors.New("a trust policy has no Resource: it is the role")
		}
		return nil
	}
	if kind == forResource && d.Resource == nil && d.NotResource == nil {
		return nil
	}
	list, not, err := oneOf("Resource", d.Resource, d.NotResource)
	if err != nil {
		return err
	}
	for _, resource := range list {
		if !strings.HasPrefix(resource, "arn:") && !strings.HasPrefix(resource, "*") &&
			!strings.HasPrefix(resource, "${") {
			return fmt.Errorf("resource %q is neither an ARN nor *", resource)
		}
	}
	s.notRes = not
	s.resources, err = compileAll(list, true, variables)
	return err
}
