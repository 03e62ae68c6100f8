package iam_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// TestAuthorization has users do what their policies allow, and something else.
func TestAuthorization(t *testing.T) {
	r := newRig(t)
	r.role(t, "mine", "/e2e/")
	r.role(t, "kept", "/e2e/")
	r.role(t, "theirs", "/")
	_, err := r.root().TagRole(t.Context(), &awsiam.TagRoleInput{
		RoleName: aws.String("kept"), Tags: []types.Tag{{Key: aws.String("keep"), Value: aws.String("yes")}},
	})
	require.NoError(t, err)
	nobody := r.as("AKIANOBODYNOBODYNOBO", "nobody-secret", "")
	partner := r.as("AKIAPARTNERPARTNERPA", "partner-secret", "")
	create := func(path string, tags ...types.Tag) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.CreateRole(ctx, &awsiam.CreateRoleInput{
				RoleName: aws.String("new"), Path: &path, AssumeRolePolicyDocument: aws.String(trust), Tags: tags,
			})
			if err == nil {
				_, err = c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("new")})
			}
			return err
		}
	}
	get := func(role string) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.GetRole(ctx, &awsiam.GetRoleInput{RoleName: &role})
			return err
		}
	}
	attach := func(policy string) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: aws.String("mine"), PolicyArn: &policy})
			return err
		}
	}
	const (
		operator = "User: " + prefix + "user/operator is not authorized to perform: "
		unheard  = "User: " + prefix + "user/nobody is not authorized to perform: "
	)
	tests := map[string]struct {
		by      *awsiam.Client
		do      func(context.Context, *awsiam.Client) error
		message string // empty: allowed
	}{
		"create below its path":   {r.operator(), create("/e2e/"), ""},
		"create with tags":        {r.operator(), create("/e2e/", types.Tag{Key: aws.String("team"), Value: aws.String("good")}), ""},
		"create with a bad tag":   {r.operator(), create("/e2e/", types.Tag{Key: aws.String("team"), Value: aws.String("evil")}), operator + "iam:TagRole on resource: " + prefix + "role/e2e/new with an explicit deny in an identity-based policy"},
		"create elsewhere":        {r.operator(), create("/"), operator + "iam:CreateRole on resource: " + prefix + "role/new because no identity-based policy allows the iam:CreateRole action"},
		"get its own":             {r.operator(), get("mine"), ""},
		"get another":             {r.operator(), get("theirs"), operator + "iam:GetRole on resource: role theirs because no identity-based policy allows the iam:GetRole action"},
		"get what is not there":   {r.operator(), get("absent"), operator + "iam:GetRole on resource: role absent because no identity-based policy allows the iam:GetRole action"},
		"attach AMP's":            {r.operator(), attach(writeARN), ""},
		"attach another":          {r.operator(), attach("arn:aws:iam::aws:policy/AdministratorAccess"), operator + "iam:AttachRolePolicy on resource: role mine with an explicit deny in an identity-based policy"},
		"an account's own policy": {nobody, attach(writeARN), unheard + "iam:AttachRolePolicy on resource: role mine because no identity-based policy allows the iam:AttachRolePolicy action"},
		"delete what is kept": {r.operator(), func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.DeleteRole(ctx, &awsiam.DeleteRoleInput{RoleName: aws.String("kept")})
			return err
		}, operator + "iam:DeleteRole on resource: role kept with an explicit deny in an identity-based policy"},
		"see AWS's policy": {r.operator(), func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.GetPolicy(ctx, &awsiam.GetPolicyInput{PolicyArn: aws.String(writeARN)})
			return err
		}, ""},
		"list all": {nobody, func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.ListRoles(ctx, nil)
			return err
		}, unheard + "iam:ListRoles on resource: " + prefix + "role/ because no identity-based policy allows the iam:ListRoles action"},
		"make a provider": {nobody, func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.CreateOpenIDConnectProvider(ctx, &awsiam.CreateOpenIDConnectProviderInput{Url: aws.String("https://a.example/x")})
			return err
		}, unheard + "iam:CreateOpenIDConnectProvider on resource: " + prefix + "oidc-provider/a.example/x because no identity-based policy allows the iam:CreateOpenIDConnectProvider action"},
		"another account's": {partner, get("mine"), "The emulator answers IAM requests about account 123456789012 only, and arn:aws:iam::999999999999:user/partner is of another one"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := tc.do(t.Context(), tc.by)
			if tc.message == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tc.message, refused(t, err, 403, "AccessDenied"))
		})
	}
}

// TestSessionHasNoSelf has a role's session ask about the user that it is not.
func TestSessionHasNoSelf(t *testing.T) {
	r := newRig(t)
	r.role(t, "a", "/")
	_, err := r.root().AttachRolePolicy(t.Context(), &awsiam.AttachRolePolicyInput{
		RoleName: aws.String("a"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	require.NoError(t, err)
	role, ok := r.store.RoleNamed("a")
	require.True(t, ok)
	session, err := r.store.NewSession(identity.SessionInput{Role: &role, Name: "s", Duration: time.Hour})
	require.NoError(t, err)
	c := r.as(session.AccessKeyID, session.SecretAccessKey, session.SessionToken)
	_, err = c.GetUser(t.Context(), nil)
	require.Equal(t, "Must specify userName when calling with non-User credentials", refused(t, err, 400, "ValidationError"))
	_, err = c.GetUser(t.Context(), &awsiam.GetUserInput{UserName: aws.String("nobody")})
	require.NoError(t, err)

	_, err = c.DetachRolePolicy(t.Context(), &awsiam.DetachRolePolicyInput{
		RoleName: aws.String("a"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess"),
	})
	require.NoError(t, err)
	_, err = r.root().DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: aws.String("a")})
	require.NoError(t, err)
	_, err = c.GetUser(t.Context(), &awsiam.GetUserInput{UserName: aws.String("nobody")})
	refused(t, err, 403, "InvalidClientTokenId")
}
