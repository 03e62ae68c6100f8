package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// The managed policies of the two roles [D AMPOL].
const (
	WritePolicy = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"
	QueryPolicy = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"
)

// RoleSpec says what role a run needs.
type RoleSpec struct {
	// Use distinguishes the roles of a run: write, query.
	Use string
	// Policy is the ARN of its only policy.
	Policy string
	// Subjects are the service accounts that may become it, as system:serviceaccount:NAMESPACE:NAME.
	Subjects []string
}

// Role is a role that a run has made.
type Role struct{ Name, ARN, Run string }

// CreateRole makes a role of a run, which service accounts of the provider's cluster may assume, and attaches its policy. What of it
// was made is returned with an error too.
func (a *Account) CreateRole(ctx context.Context, run string, p Provider, spec RoleSpec) (Role, error) {
	r := Role{Name: Prefix + run + "-" + spec.Use, Run: run}
	trust, err := trustPolicy(p, spec.Subjects)
	if err != nil {
		return r, err
	}
	out, err := a.iam.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: &r.Name, Path: aws.String(rolePath), AssumeRolePolicyDocument: &trust, Tags: iamTags(run),
		Description: aws.String("made by Ampersand's end-to-end tests, which remove it; see the tag " + Tag),
	})
	if err != nil {
		return r, fmt.Errorf("create the role %s: %w", r.Name, err)
	}
	r.ARN = aws.ToString(out.Role.Arn)
	if _, err := a.iam.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: &r.Name, PolicyArn: &spec.Policy}); err != nil {
		return r, fmt.Errorf("attach %s to the role %s: %w", spec.Policy, r.Name, err)
	}
	return r, nil
}

// trustPolicy lets service accounts become a role: exactly these, with tokens for STS (amp-api.md 6.3 [D]).
func trustPolicy(p Provider, subjects []string) (string, error) {
	document := map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]string{"Federated": p.ARN},
		"Action":    "sts:AssumeRoleWithWebIdentity",
		"Condition": map[string]any{"StringEquals": map[string]any{p.Issuer + ":sub": subjects, p.Issuer + ":aud": audience}},
	}}}
	text, err := json.Marshal(document)
	if err != nil {
		return "", fmt.Errorf("write a trust policy: %w", err)
	}
	return string(text), nil
}

// DeleteRole deletes a role and what it consists of. That there is none is no error.
func (a *Account) DeleteRole(ctx context.Context, r Role) error {
	missing := (*types.NoSuchEntityException)(nil)
	// A role with policies cannot be deleted [D].
	pages := iam.NewListAttachedRolePoliciesPaginator(a.iam, &iam.ListAttachedRolePoliciesInput{RoleName: &r.Name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if errors.As(err, &missing) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list the policies of the role %s: %w", r.Name, err)
		}
		for _, policy := range page.AttachedPolicies {
			_, err := a.iam.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: &r.Name, PolicyArn: policy.PolicyArn})
			if err != nil && !errors.As(err, &missing) {
				return fmt.Errorf("detach %s from the role %s: %w", aws.ToString(policy.PolicyArn), r.Name, err)
			}
		}
	}
	if _, err := a.iam.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &r.Name}); err != nil && !errors.As(err, &missing) {
		return fmt.Errorf("delete the role %s: %w", r.Name, err)
	}
	return nil
}

// Roles lists the roles that runs have made and left, by path and tag.
func (a *Account) Roles(ctx context.Context) ([]Role, error) {
	var list []Role
	pages := iam.NewListRolesPaginator(a.iam, &iam.ListRolesInput{PathPrefix: aws.String(rolePath)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the roles: %w", err)
		}
		for _, role := range page.Roles {
			// Lists of roles leave their tags out [D].
			tags, err := a.iam.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: role.RoleName})
			if err != nil {
				return nil, fmt.Errorf("read the tags of the role %s: %w", aws.ToString(role.RoleName), err)
			}
			if run, ours := runOf(tags.Tags); ours {
				list = append(list, Role{Name: aws.ToString(role.RoleName), ARN: aws.ToString(role.Arn), Run: run})
			}
		}
	}
	return list, nil
}

// Assume becomes a role with the token of a service account, as a pod does. What comes of it is not used: it tells whether role,
// trust and provider are known to STS yet.
func (a *Account) Assume(ctx context.Context, role, token string) error {
	_, err := a.sts.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("ampersand-e2e"), WebIdentityToken: &token,
	})
	if err != nil {
		return fmt.Errorf("assume the role %s with a service account's token: %w", role, err)
	}
	return nil
}
