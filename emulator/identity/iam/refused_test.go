package iam_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

// typed are the SDK's errors that the codes must come out as.
func typed(code string) any {
	switch code {
	case "NoSuchEntity":
		return new(*types.NoSuchEntityException)
	case "EntityAlreadyExists":
		return new(*types.EntityAlreadyExistsException)
	case "DeleteConflict":
		return new(*types.DeleteConflictException)
	case "MalformedPolicyDocument":
		return new(*types.MalformedPolicyDocumentException)
	case "LimitExceeded":
		return new(*types.LimitExceededException)
	case "InvalidInput":
		return new(*types.InvalidInputException)
	default:
		return nil
	}
}

func statement(resource string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:*","Resource":"` + resource + `"}}`
}

// TestRefused is what IAM refuses of roles and policies: the SDK knows the error, and
// nothing has changed.
func TestRefused(t *testing.T) {
	r := newRig(t)
	r.role(t, "there", "/")
	_, err := r.root().PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{
		RoleName: aws.String("there"), PolicyName: aws.String("big"), PolicyDocument: aws.String(statement("arn:" + strings.Repeat("x", 9000))),
	})
	require.NoError(t, err)
	create := func(change func(*awsiam.CreateRoleInput)) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			in := &awsiam.CreateRoleInput{RoleName: aws.String("new"), AssumeRolePolicyDocument: aws.String(trust)}
			change(in)
			_, err := c.CreateRole(ctx, in)
			return err
		}
	}
	attach := func(role, policy string) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.AttachRolePolicy(ctx, &awsiam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &policy})
			return err
		}
	}
	put := func(role, document string) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("p"), PolicyDocument: &document})
			return err
		}
	}
	update := func(document string) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.UpdateAssumeRolePolicy(ctx, &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("there"), PolicyDocument: &document})
			return err
		}
	}
	tag := func(tags ...types.Tag) func(context.Context, *awsiam.Client) error {
		return func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.TagRole(ctx, &awsiam.TagRoleInput{RoleName: aws.String("there"), Tags: tags})
			return err
		}
	}
	one := func(key string) types.Tag { return types.Tag{Key: &key, Value: aws.String("v")} }
	var tooMany []types.Tag
	for i := range 51 {
		tooMany = append(tooMany, one(fmt.Sprint(i)))
	}
	const names = " is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	tests := map[string]struct {
		do            func(context.Context, *awsiam.Client) error
		status        int
		code, message string
	}{
		"role is there":          {create(func(in *awsiam.CreateRoleInput) { in.RoleName = aws.String("there") }), 409, "EntityAlreadyExists", "Role with name there already exists."},
		"role is there, case":    {create(func(in *awsiam.CreateRoleInput) { in.RoleName = aws.String("THERE") }), 409, "EntityAlreadyExists", "Role with name THERE already exists."},
		"role name":              {create(func(in *awsiam.CreateRoleInput) { in.RoleName = aws.String("a b") }), 400, "ValidationError", "The specified value for roleName" + names},
		"long role name":         {create(func(in *awsiam.CreateRoleInput) { in.RoleName = aws.String(strings.Repeat("a", 65)) }), 400, "ValidationError", "1 validation error detected: Value '" + strings.Repeat("a", 65) + "' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		"two at once":            {create(func(in *awsiam.CreateRoleInput) { in.RoleName, in.MaxSessionDuration = aws.String(""), aws.Int32(60) }), 400, "ValidationError", "2 validation errors detected: "},
		"path":                   {create(func(in *awsiam.CreateRoleInput) { in.Path = aws.String("e2e") }), 400, "ValidationError", "The specified value for path is invalid."},
		"session too long":       {create(func(in *awsiam.CreateRoleInput) { in.MaxSessionDuration = aws.Int32(43201) }), 400, "ValidationError", "Member must have value less than or equal to 43200"},
		"permissions boundary":   {create(func(in *awsiam.CreateRoleInput) { in.PermissionsBoundary = aws.String(writeARN) }), 400, "ValidationError", "PermissionsBoundary is not supported by this emulator"},
		"trust: no JSON":         {create(func(in *awsiam.CreateRoleInput) { in.AssumeRolePolicyDocument = aws.String("{") }), 400, "MalformedPolicyDocument", ""},
		"trust: with a resource": {update(strings.Replace(trust, `"Action"`, `"Resource": "*", "Action"`, 1)), 400, "MalformedPolicyDocument", "a trust policy has no Resource"},
		"trust: unknown user":    {update(strings.Replace(trust, account, prefix+"user/absent", 1)), 400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"` + prefix + `user/absent"`},
		"trust: unknown user, new": {create(func(in *awsiam.CreateRoleInput) {
			in.AssumeRolePolicyDocument = aws.String(strings.Replace(trust, account, prefix+"user/absent", 1))
		}), 400, "MalformedPolicyDocument", "Invalid principal in policy"},
		"trust: too long":        {update(strings.Replace(trust, `"Action": `, `"Condition": {"StringEquals": {"aws:x": "`+strings.Repeat("x", 2048)+`"}}, "Action": `, 1)), 409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
		"attach: no such role":   {attach("absent", writeARN), 404, "NoSuchEntity", "The role with name absent cannot be found."},
		"attach: no such policy": {attach("there", "arn:aws:iam::aws:policy/Absent"), 404, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Absent does not exist or is not attachable."},
		"attach: no ARN":         {attach("there", "AmazonPrometheusQueryAccess"), 400, "InvalidInput", "ARN AmazonPrometheusQueryAccess is not valid."},
		"put: no such role":      {put("absent", inline), 404, "NoSuchEntity", ""},
		"put: with a principal":  {put("there", trust), 400, "MalformedPolicyDocument", ""},
		"put: unknown member":    {put("there", strings.Replace(inline, "Effect", "effect", 1)), 400, "MalformedPolicyDocument", ""},
		"put: too much":          {put("there", statement("arn:"+strings.Repeat("x", 2000))), 409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role there"},
		"tag: twice":             {tag(one("a"), one("A")), 400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"tag: AWS's":             {tag(one("aws:x")), 400, "InvalidInput", "aws: prefixed tag key names are not allowed for external use."},
		"tag: too many":          {tag(tooMany...), 409, "LimitExceeded", "TagsPerRole: 50"},
		"tag: characters":        {tag(one("a*")), 400, "ValidationError", "tags.1.member.key"},
		"detach: not attached": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.DetachRolePolicy(ctx, &awsiam.DetachRolePolicyInput{RoleName: aws.String("there"), PolicyArn: aws.String(writeARN)})
			return err
		}, 404, "NoSuchEntity", "Policy " + writeARN + " was not found."},
		"no such inline policy": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.GetRolePolicy(ctx, &awsiam.GetRolePolicyInput{RoleName: aws.String("there"), PolicyName: aws.String("absent")})
			return err
		}, 404, "NoSuchEntity", "The role policy with name absent cannot be found."},
		"marker": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.ListRoles(ctx, &awsiam.ListRolesInput{Marker: aws.String("!")})
			return err
		}, 400, "ValidationError", "marker"},
		"items": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.ListRoles(ctx, &awsiam.ListRolesInput{MaxItems: aws.Int32(1001)})
			return err
		}, 400, "ValidationError", "'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		"user is there": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("Operator")})
			return err
		}, 409, "EntityAlreadyExists", "User with name Operator already exists."},
		"user with policies": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("operator")})
			return err
		}, 409, "DeleteConflict", ""},
		"key status": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.UpdateAccessKey(ctx, &awsiam.UpdateAccessKeyInput{AccessKeyId: aws.String("AKIAROOTROOTROOTROOT"), Status: "Off"})
			return err
		}, 400, "ValidationError", "Member must satisfy enum value set: [Active, Inactive]"},
		"somebody else's key": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: aws.String("nobody"), AccessKeyId: aws.String("AKIAOPERATOROPERATOR")})
			return err
		}, 404, "NoSuchEntity", "The Access Key with id AKIAOPERATOROPERATOR cannot be found."},
		"not here": {func(ctx context.Context, c *awsiam.Client) error {
			_, err := c.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("g")})
			return err
		}, 400, "InvalidAction", "Could not find operation CreateGroup for version 2010-05-08"},
	}
	before := r.store.List()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := tc.do(t.Context(), r.root())
			require.Contains(t, refused(t, err, tc.status, tc.code), tc.message)
			if target := typed(tc.code); target != nil {
				require.ErrorAs(t, err, target)
			}
			require.Equal(t, before, r.store.List())
		})
	}
}

// TestAttachedPoliciesHaveAQuota attaches eleven.
func TestAttachedPoliciesHaveAQuota(t *testing.T) {
	r := newRig(t)
	r.role(t, "a", "/")
	attach := func(i int) error {
		_, err := r.root().AttachRolePolicy(t.Context(), &awsiam.AttachRolePolicyInput{
			RoleName: aws.String("a"), PolicyArn: aws.String(fmt.Sprintf("%spolicy/Many%d", prefix, i)),
		})
		return err
	}
	for i := range 10 {
		require.NoError(t, attach(i))
	}
	require.Equal(t, "Cannot exceed quota for PoliciesPerRole: 10", refused(t, attach(10), 409, "LimitExceeded"))
	require.NoError(t, attach(3), "it has that one")
}
