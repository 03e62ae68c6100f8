package identity

import (
	"strconv"
	"strings"
	"time"
)

// Request is what somebody wants to do.
type Request struct {
	// Action, for example aps:RemoteWrite.
	Action string
	// Resource is the ARN of what it is done to; "*" for actions without one.
	Resource string
	// Context holds condition keys with their values: aws:SourceIp,
	// aws:RequestTag/team, aws:ResourceTag/team, aws:TagKeys and the like. Those that
	// tell of the principal and the time need not be given.
	Context map[string][]string
	// Time is when; for Store.Authorize zero means now.
	Time time.Time
	// ResourcePolicy is that of the resource, if it has one.
	ResourcePolicy *Policy
}

// scope is what the conditions and variables of a policy can see.
type scope struct {
	req *Request
	who *Principal
}

// values returns those of a condition key, whose case does not matter [D IAM guide,
// "Condition"].
func (in *scope) values(key string) ([]string, bool) {
	if v, ok := in.req.Context[key]; ok {
		return v, true
	}
	for k, v := range in.req.Context {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	if v, ok := in.known(key); ok {
		return []string{v}, true
	}
	return nil, false
}

// known are the keys that every request has [D IAM guide, "Global condition context
// keys"].
func (in *scope) known(key string) (string, bool) {
	prefix, name, _ := strings.Cut(key, ":")
	if !strings.EqualFold(prefix, "aws") {
		return "", false
	}
	if what, tag, ok := strings.Cut(name, "/"); ok {
		if strings.EqualFold(what, "PrincipalTag") {
			return in.tag(tag)
		}
		return "", false
	}
	who, at := in.who, in.req.Time
	switch strings.ToLower(name) {
	case "principalarn": // of a session: its role's [D]
		return present(who.owner())
	case "principalaccount":
		return present(who.AccountID)
	case "principaltype":
		return who.typeName()
	case "userid":
		return present(who.UserID)
	case "username":
		return present(who.UserName)
	case "tokenissuetime":
		return who.Issued.UTC().Format(time.RFC3339Nano), !who.Issued.IsZero()
	case "currenttime":
		return at.UTC().Format(time.RFC3339Nano), !at.IsZero()
	case "epochtime":
		return strconv.FormatInt(at.Unix(), 10), !at.IsZero()
	case "resourceaccount":
		return present(accountOf(in.req.Resource))
	}
	return "", false
}

func (in *scope) tag(key string) (string, bool) {
	for k, v := range in.who.Tags {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

func present(s string) (string, bool) { return s, s != "" }

// typeName is the value of aws:PrincipalType [D].
func (p *Principal) typeName() (string, bool) {
	switch p.Kind {
	case KindRoot:
		return "Account", true
	case KindUser:
		return "User", true
	case KindAssumedRole:
		return "AssumedRole", true
	default:
		return "", false
	}
}

// accountOf returns the account in an ARN, or nothing.
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}
