package identity

import (
	"slices"
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
// "Condition"]. Keys that differ in case only, such as those of the tags Team and team,
// are one key with the values of all, in order; several tells of that [I].
func (in *scope) values(key string) (values []string, several, ok bool) {
	if values, several, ok = folded(in.req.Context, key); ok {
		return values, several, true
	}
	if tag, is := principalTag(key); is {
		return in.tag(tag)
	}
	if v, ok := in.known(key); ok {
		return []string{v}, false, true
	}
	return nil, false, false
}

// folded finds the values of all keys that are the wanted one but for case.
func folded(all map[string][]string, key string) (values []string, several, ok bool) {
	for k, v := range all {
		switch {
		case !strings.EqualFold(k, key):
		case !ok:
			values, ok = v, true
		default:
			values, several = slices.Concat(values, v), true
		}
	}
	if several {
		slices.Sort(values)
		values = slices.Compact(values)
	}
	return values, several, ok
}

// known are the keys that every request has [D IAM guide, "Global condition context
// keys"].
func (in *scope) known(key string) (string, bool) {
	prefix, name, _ := strings.Cut(key, ":")
	if !strings.EqualFold(prefix, "aws") {
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
	case "federatedprovider": // of a session that a web identity opened [D]
		return present(who.FederatedProvider)
	case "multifactorauthpresent": // no key tells of it but temporary ones [D]; nobody has a device here
		return "false", who.SessionKey != ""
	case "viaawsservice": // no service calls on somebody's behalf here
		return "false", true
	case "principalisawsservice": // in signed requests [D]
		return "false", who.Kind != KindFederated
	case "resourceaccount":
		return present(accountOf(in.req.Resource))
	}
	return "", false
}

// principalTag returns the tag that a condition key asks for.
func principalTag(key string) (tag string, ok bool) {
	const prefix = "aws:PrincipalTag/"
	if len(key) <= len(prefix) || !strings.EqualFold(key[:len(prefix)], prefix) {
		return "", false
	}
	return key[len(prefix):], true
}

// tag returns the principal's values of a tag, as values does.
func (in *scope) tag(key string) (values []string, several, ok bool) {
	for k, v := range in.who.Tags {
		if strings.EqualFold(k, key) {
			values = append(values, v)
		}
	}
	several = len(values) > 1
	slices.Sort(values)
	return slices.Compact(values), several, len(values) > 0
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
