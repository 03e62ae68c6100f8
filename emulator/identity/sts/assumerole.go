package sts

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// What the API model asks of AssumeRole's own parameters [D].
var (
	externalIDConstraint = awsquery.Constraint{Min: 2, Max: 1224, Pattern: regexp.MustCompile(`^[\w+=,.@:/\\-]*$`), Shown: `[\w+=,.@:\/-]*`}
	tagKeyConstraint     = awsquery.Constraint{Min: 1, Max: 128, Pattern: tagPattern, Shown: tagShown}
	tagValueConstraint   = awsquery.Constraint{Max: 256, Pattern: tagPattern, Shown: tagShown}
	tagPattern           = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

const (
	tagShown = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	mostTags = 50
)

// assumeRole lets a user or a session become a role that trusts it.
func (s *Service) assumeRole(_ context.Context, c *call) (any, error) {
	a := c.assumption()
	externalID := c.Optional("ExternalId", externalIDConstraint)
	tags := c.tags(&a)
	if err := a.check(c); err != nil {
		return nil, err
	}
	role, err := s.mayAssume(c, a, externalID, tags)
	if err != nil {
		return nil, err
	}
	duration, err := a.life(role, c.caller.Principal.Kind == identity.KindAssumedRole)
	if err != nil {
		return nil, err
	}
	if len(tags) > 0 { // those of the session win over the role's [D]
		merged := maps.Clone(tags)
		for key, value := range role.Tags {
			if !hasTag(tags, key) {
				merged[key] = value
			}
		}
		role.Tags = merged
	}
	keys, who, err := s.open(c, a, role, duration)
	if err != nil {
		return nil, err
	}
	return assumeRoleResult{Credentials: keys, AssumedRoleUser: who, PackedPolicySize: a.packedSize()}, nil
}

// mayAssume finds the role and decides whether the caller may assume it. A role that
// does not exist is refused as one that does not trust the caller [O].
func (s *Service) mayAssume(c *call, a assumption, externalID string, tags map[string]string) (identity.Role, error) {
	who := c.caller.Principal
	if who.Kind == identity.KindRoot { // [O]
		return identity.Role{}, accessDenied("Roles may not be assumed by root accounts.",
			"the request is signed with the root's key: sign it with that of a user or of another role")
	}
	role, ok := s.store.Role(a.roleARN)
	if !ok {
		return identity.Role{}, notAuthorized(who.ARN, "sts:AssumeRole", a.roleARN, "there is no such role")
	}
	keys := a.context(c)
	if externalID != "" {
		keys["sts:ExternalId"] = []string{externalID}
	}
	actions := []string{"sts:AssumeRole"}
	if len(tags) > 0 { // needs a permission of its own [D]
		actions = append(actions, "sts:TagSession")
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
		for key, value := range tags {
			keys["aws:RequestTag/"+key] = []string{value}
		}
	}
	for _, action := range actions {
		decision := s.store.AuthorizeAssume(who, role, identity.Request{Action: action, Context: keys})
		if !decision.Allowed {
			return identity.Role{}, notAuthorized(who.ARN, action, role.ARN, decision.Reason)
		}
	}
	return role, nil
}

// tags reads the session's tags.
func (c *call) tags(a *assumption) map[string]string {
	list := c.List("Tags", "Key", "Value")
	if len(list) > mostTags {
		c.Fail("Value", "tags", "Member must have length less than or equal to "+strconv.Itoa(mostTags))
	}
	tags := map[string]string{}
	for i, one := range list {
		at := "tags." + strconv.Itoa(i+1) + ".member."
		c.Check(at+"key", one[0], tagKeyConstraint)
		c.Check(at+"value", one[1], tagValueConstraint)
		if hasTag(tags, one[0]) { // keys that differ in case only are the same [D]
			c.Fail("Value '"+one[0]+"'", at+"key", "Member must not be given twice") // [I]
		}
		tags[one[0]] = one[1]
		a.packed += len(one[0]) + len(one[1])
	}
	return tags
}

// hasTag reports whether there is a tag of this key, in whatever case.
func hasTag(tags map[string]string, key string) bool {
	for have := range tags {
		if strings.EqualFold(have, key) {
			return true
		}
	}
	return false
}
