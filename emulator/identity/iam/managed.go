package iam

import (
	"context"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// managedAnswer leaves the dates out: those of AWS's policies are not known to the day.
type managedAnswer struct {
	PolicyName       string
	ARN              string `xml:"Arn"`
	Path             string
	DefaultVersionID string `xml:"DefaultVersionId"`
	AttachmentCount  int
	IsAttachable     bool
}

// managed finds a managed policy, if the caller may do this to it.
func (s *Service) managed(c *call, action, arn string) (identity.ManagedPolicy, error) {
	if err := s.may(c, action, target{arn: arn, shown: "policy " + arn}); err != nil { // [O]
		return identity.ManagedPolicy{}, err
	}
	p, ok := s.store.ManagedPolicy(arn)
	switch {
	case ok:
		return p, nil
	case !strings.HasPrefix(arn, "arn:") || !strings.Contains(arn, ":policy/"): // [O]
		return identity.ManagedPolicy{}, invalidInput("ARN " + arn + " is not valid.")
	default: // [O]
		return identity.ManagedPolicy{}, noSuchEntity("Policy " + arn + " was not found.")
	}
}

func (s *Service) getPolicy(_ context.Context, c *call) (any, error) {
	arn := c.Required("PolicyArn", s.rules.arn)
	if err := c.Err(); err != nil {
		return nil, err
	}
	p, err := s.managed(c, "GetPolicy", arn)
	if err != nil {
		return nil, err
	}
	return struct{ Policy managedAnswer }{managedAnswer{
		PolicyName: p.Name, ARN: p.ARN, Path: p.Path, DefaultVersionID: p.Version,
		AttachmentCount: p.Attachments, IsAttachable: true,
	}}, nil
}

// getPolicyVersion knows the default version of each policy only.
func (s *Service) getPolicyVersion(_ context.Context, c *call) (any, error) {
	arn, version := c.Required("PolicyArn", s.rules.arn), c.Required("VersionId", awsquery.Constraint{})
	if err := c.Err(); err != nil {
		return nil, err
	}
	p, err := s.managed(c, "GetPolicyVersion", arn)
	if err != nil {
		return nil, err
	}
	if version != p.Version {
		return nil, noSuchEntity("Policy " + arn + " version " + version + " does not exist or is not attachable.") // [R]
	}
	type answer struct {
		Document         string
		VersionID        string `xml:"VersionId"`
		IsDefaultVersion bool
	}
	return struct{ PolicyVersion answer }{answer{encoded(p.Policy.Document()), p.Version, true}}, nil
}
