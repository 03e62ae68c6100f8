package iam

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// target is what an action is done to.
type target struct {
	arn string
	// shown is how IAM's denial names it; the ARN if it is empty. Of a role or user that is
	// meant by name it is the kind and the name [O].
	shown string
	tags  map[string]string
}

// may refuses what the caller's policies do not allow.
func (s *Service) may(c *call, action string, on target) error {
	context := maps.Clone(c.context)
	for key, value := range on.tags {
		context["aws:ResourceTag/"+key] = []string{value}
		context["iam:ResourceTag/"+key] = []string{value}
	}
	decision := s.store.Authorize(c.who, identity.Request{
		Action: "iam:" + action, Resource: on.arn, Context: context, Time: s.now(),
	})
	if decision.Allowed {
		return nil
	}
	shown := on.shown
	if shown == "" {
		shown = on.arn
	}
	why := "because no identity-based policy allows the iam:" + action + " action" // [O]
	if decision.Explicit {
		why = "with an explicit deny in an identity-based policy" // [O]
	}
	return &awsquery.Error{
		Status: http.StatusForbidden, Code: CodeAccessDenied, Reason: decision.Reason,
		Message: fmt.Sprintf("User: %s is not authorized to perform: iam:%s on resource: %s %s", c.who.ARN, action, shown, why),
	}
}

// mayTag is may for a new resource, and for the tags that it is to have, which need a
// right of their own [O aws-ia/terraform-aws-eks-blueprints#902].
func (s *Service) mayTag(c *call, action, tagAction string, tags map[string]string, on target) error {
	c.requestTags(tags)
	if err := s.may(c, action, on); err != nil || len(tags) == 0 {
		return err
	}
	return s.may(c, tagAction, on)
}

// requestTags lets conditions ask for the tags that a request carries.
func (c *call) requestTags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	c.context["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	for key, value := range tags {
		c.context["aws:RequestTag/"+key] = []string{value}
	}
}

// arn makes one of the own account's.
func (s *Service) arn(resource string) string {
	return "arn:" + s.partition + ":iam::" + s.account + ":" + resource
}
