package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

// TestRole makes a role, changes it, and takes it away in the one order that IAM allows.
func TestRole(t *testing.T) {
	r := newRig(t)
	c, name := r.root(), aws.String("ingest")
	created, err := c.CreateRole(t.Context(), &awsiam.CreateRoleInput{
		RoleName: name, Path: aws.String("/e2e/"), AssumeRolePolicyDocument: aws.String(trust),
		Description: aws.String("Writes <samples> & more"), MaxSessionDuration: aws.Int32(7200),
		Tags: []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}, {Key: aws.String("empty"), Value: aws.String("")}},
	})
	require.NoError(t, err)
	require.Equal(t, prefix+"role/e2e/ingest", aws.ToString(created.Role.Arn))
	require.Regexp(t, `^AROA[A-Z2-7]{17}$`, aws.ToString(created.Role.RoleId))
	require.Equal(t, trust, document(t, created.Role.AssumeRolePolicyDocument))
	require.EqualValues(t, 7200, aws.ToInt32(created.Role.MaxSessionDuration))
	recent(t, created.Role.CreateDate)

	got, err := c.GetRole(t.Context(), &awsiam.GetRoleInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, created.Role, got.Role)
	require.Equal(t, "Writes <samples> & more", aws.ToString(got.Role.Description))
	require.Equal(t, "/e2e/", aws.ToString(got.Role.Path))
	require.Len(t, got.Role.Tags, 2)

	_, err = c.TagRole(t.Context(), &awsiam.TagRoleInput{RoleName: name, Tags: []types.Tag{
		{Key: aws.String("Run"), Value: aws.String("2")}, {Key: aws.String("owner"), Value: aws.String("me")},
	}})
	require.NoError(t, err)
	_, err = c.UntagRole(t.Context(), &awsiam.UntagRoleInput{RoleName: name, TagKeys: []string{"empty", "absent"}})
	require.NoError(t, err)
	tags, err := c.ListRoleTags(t.Context(), &awsiam.ListRoleTagsInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, []types.Tag{
		{Key: aws.String("Run"), Value: aws.String("2")}, {Key: aws.String("owner"), Value: aws.String("me")},
	}, tags.Tags)

	other := strings.Replace(trust, "sts:AssumeRole", "sts:TagSession", 1)
	_, err = c.UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &other})
	require.NoError(t, err)
	got, err = c.GetRole(t.Context(), &awsiam.GetRoleInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, other, document(t, got.Role.AssumeRolePolicyDocument))

	for range 2 { // the second time is no error
		_, err = c.AttachRolePolicy(t.Context(), &awsiam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String(writeARN)})
		require.NoError(t, err)
	}
	attached, err := c.ListAttachedRolePolicies(t.Context(), &awsiam.ListAttachedRolePoliciesInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, []types.AttachedPolicy{
		{PolicyName: aws.String("AmazonPrometheusRemoteWriteAccess"), PolicyArn: aws.String(writeARN)},
	}, attached.AttachedPolicies)
	_, err = c.PutRolePolicy(t.Context(), &awsiam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("more"), PolicyDocument: aws.String(inline)})
	require.NoError(t, err)
	names, err := c.ListRolePolicies(t.Context(), &awsiam.ListRolePoliciesInput{RoleName: name})
	require.NoError(t, err)
	require.Equal(t, []string{"more"}, names.PolicyNames)
	policy, err := c.GetRolePolicy(t.Context(), &awsiam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("more")})
	require.NoError(t, err)
	require.Equal(t, inline, document(t, policy.PolicyDocument))
	require.Equal(t, "ingest more", aws.ToString(policy.RoleName)+" "+aws.ToString(policy.PolicyName))

	remove := func() error {
		_, err := c.DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: name})
		return err
	}
	require.Equal(t, "Cannot delete entity, must detach all policies first.", refused(t, remove(), 409, "DeleteConflict"))
	_, err = c.DetachRolePolicy(t.Context(), &awsiam.DetachRolePolicyInput{RoleName: name, PolicyArn: aws.String(writeARN)})
	require.NoError(t, err)
	require.Equal(t, "Cannot delete entity, must delete policies first.", refused(t, remove(), 409, "DeleteConflict"))
	_, err = c.DeleteRolePolicy(t.Context(), &awsiam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("more")})
	require.NoError(t, err)
	require.NoError(t, remove())
	require.Equal(t, "The role with name ingest cannot be found.", refused(t, remove(), 404, "NoSuchEntity"))

	again, err := c.CreateRole(t.Context(), &awsiam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trust)})
	require.NoError(t, err)
	require.NotEqual(t, created.Role.RoleId, again.Role.RoleId, "another role of the same name")
	require.EqualValues(t, 3600, aws.ToInt32(again.Role.MaxSessionDuration))
	require.Equal(t, "/", aws.ToString(again.Role.Path))
}

// TestPages lists roles in parts with the SDK's paginator.
func TestPages(t *testing.T) {
	r := newRig(t)
	for i := range 7 {
		r.role(t, fmt.Sprintf("r%d", i), []string{"/a/", "/b/"}[i%2])
	}
	tests := map[string]struct {
		prefix *string
		most   int32
		want   []string
		pages  int
	}{
		"all at once":      {nil, 1000, []string{"r0", "r1", "r2", "r3", "r4", "r5", "r6"}, 1},
		"parts":            {nil, 2, []string{"r0", "r1", "r2", "r3", "r4", "r5", "r6"}, 4},
		"parts that fit":   {aws.String("/a/"), 2, []string{"r0", "r2", "r4", "r6"}, 2},
		"a path":           {aws.String("/b/"), 100, []string{"r1", "r3", "r5"}, 1},
		"no role below it": {aws.String("/c/"), 1, nil, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			pages := awsiam.NewListRolesPaginator(r.root(), &awsiam.ListRolesInput{PathPrefix: tc.prefix, MaxItems: &tc.most})
			n := 0
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				require.NoError(t, err)
				for _, role := range page.Roles {
					got = append(got, aws.ToString(role.RoleName))
					require.NotEmpty(t, role.AssumeRolePolicyDocument)
				}
				n++
			}
			require.Equal(t, tc.want, got)
			require.Equal(t, tc.pages, n)
		})
	}
	t.Run("deleted in between", func(t *testing.T) {
		first, err := r.root().ListRoles(t.Context(), &awsiam.ListRolesInput{MaxItems: aws.Int32(3)})
		require.NoError(t, err)
		require.True(t, first.IsTruncated)
		_, err = r.root().DeleteRole(t.Context(), &awsiam.DeleteRoleInput{RoleName: aws.String("r2")})
		require.NoError(t, err)
		next, err := r.root().ListRoles(t.Context(), &awsiam.ListRolesInput{Marker: first.Marker})
		require.NoError(t, err)
		require.Equal(t, "r3", aws.ToString(next.Roles[0].RoleName))
	})
}

func TestManagedPolicies(t *testing.T) {
	r := newRig(t)
	r.role(t, "a", "/")
	tests := map[string]struct{ version, path, says string }{
		writeARN: {"v1", "/", "aps:RemoteWrite"},
		queryARN: {"v1", "/", "aps:QueryMetrics"},
		"arn:aws:iam::aws:policy/AmazonPrometheusFullAccess":        {"v2", "/", "scraper.aps.amazonaws.com"},
		"arn:aws:iam::aws:policy/AmazonPrometheusConsoleFullAccess": {"v9", "/", "aps:ListWorkspaces"},
		prefix + "policy/Shared":                                    {"v1", "/", "aps:*"},
	}
	for arn, tc := range tests {
		t.Run(arn, func(t *testing.T) {
			_, err := r.root().AttachRolePolicy(t.Context(), &awsiam.AttachRolePolicyInput{RoleName: aws.String("a"), PolicyArn: &arn})
			require.NoError(t, err)
			got, err := r.root().GetPolicy(t.Context(), &awsiam.GetPolicyInput{PolicyArn: &arn})
			require.NoError(t, err)
			require.Equal(t, arn, "arn:"+strings.TrimPrefix(aws.ToString(got.Policy.Arn), "arn:"))
			require.True(t, strings.HasSuffix(arn, "/"+aws.ToString(got.Policy.PolicyName)))
			require.Equal(t, tc.path, aws.ToString(got.Policy.Path))
			require.Equal(t, tc.version, aws.ToString(got.Policy.DefaultVersionId))
			require.EqualValues(t, 1, aws.ToInt32(got.Policy.AttachmentCount))
			require.True(t, got.Policy.IsAttachable)
			version, err := r.root().GetPolicyVersion(t.Context(), &awsiam.GetPolicyVersionInput{
				PolicyArn: &arn, VersionId: got.Policy.DefaultVersionId,
			})
			require.NoError(t, err)
			require.True(t, version.PolicyVersion.IsDefaultVersion)
			require.Contains(t, document(t, version.PolicyVersion.Document), tc.says)
			_, err = r.root().GetPolicyVersion(t.Context(), &awsiam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: aws.String("v77")})
			refused(t, err, 404, "NoSuchEntity")
		})
	}
}
