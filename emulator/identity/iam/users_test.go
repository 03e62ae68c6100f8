package iam_test

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/stretchr/testify/require"
)

// TestUser makes a user with a key, has it act for itself, and takes it away.
func TestUser(t *testing.T) {
	r := newRig(t)
	c, name := r.root(), aws.String("collector")
	created, err := c.CreateUser(t.Context(), &awsiam.CreateUserInput{
		UserName: name, Path: aws.String("/e2e/"), Tags: []types.Tag{{Key: aws.String("run"), Value: aws.String("1")}},
	})
	require.NoError(t, err)
	require.Equal(t, prefix+"user/e2e/collector", aws.ToString(created.User.Arn))
	require.Regexp(t, `^AIDA[A-Z2-7]{17}$`, aws.ToString(created.User.UserId))
	got, err := c.GetUser(t.Context(), &awsiam.GetUserInput{UserName: name})
	require.NoError(t, err)
	require.Equal(t, created.User, got.User)
	recent(t, got.User.CreateDate)

	_, err = c.PutUserPolicy(t.Context(), &awsiam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("self"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:GetUser","iam:*AccessKey*"],"Resource":"arn:aws:iam::*:user/e2e/${aws:username}"}}`)})
	require.NoError(t, err)
	policy, err := c.GetUserPolicy(t.Context(), &awsiam.GetUserPolicyInput{UserName: name, PolicyName: aws.String("self")})
	require.NoError(t, err)
	require.Contains(t, document(t, policy.PolicyDocument), "${aws:username}")
	names, err := c.ListUserPolicies(t.Context(), &awsiam.ListUserPoliciesInput{UserName: name})
	require.NoError(t, err)
	require.Equal(t, []string{"self"}, names.PolicyNames)
	_, err = c.AttachUserPolicy(t.Context(), &awsiam.AttachUserPolicyInput{UserName: name, PolicyArn: aws.String(queryARN)})
	require.NoError(t, err)
	attached, err := c.ListAttachedUserPolicies(t.Context(), &awsiam.ListAttachedUserPoliciesInput{UserName: name})
	require.NoError(t, err)
	require.Equal(t, queryARN, aws.ToString(attached.AttachedPolicies[0].PolicyArn))

	key, err := c.CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: name})
	require.NoError(t, err)
	require.Equal(t, types.StatusTypeActive, key.AccessKey.Status)
	me := r.as(aws.ToString(key.AccessKey.AccessKeyId), aws.ToString(key.AccessKey.SecretAccessKey), "")
	self, err := me.GetUser(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "collector", aws.ToString(self.User.UserName))
	second, err := me.CreateAccessKey(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "collector", aws.ToString(second.AccessKey.UserName))
	_, err = me.CreateAccessKey(t.Context(), nil)
	require.Equal(t, "Cannot exceed quota for AccessKeysPerUser: 2", refused(t, err, 409, "LimitExceeded"))
	keys, err := me.ListAccessKeys(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, keys.AccessKeyMetadata, 2)

	_, err = c.UpdateAccessKey(t.Context(), &awsiam.UpdateAccessKeyInput{
		UserName: name, AccessKeyId: key.AccessKey.AccessKeyId, Status: types.StatusTypeInactive,
	})
	require.NoError(t, err)
	_, err = me.GetUser(t.Context(), nil)
	refused(t, err, 403, "InvalidClientTokenId")
	_, err = c.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: name})
	require.Equal(t, "Cannot delete entity, must delete access keys first.", refused(t, err, 409, "DeleteConflict"))
	for _, id := range []*string{key.AccessKey.AccessKeyId, second.AccessKey.AccessKeyId} {
		_, err = c.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: name, AccessKeyId: id})
		require.NoError(t, err)
	}
	_, err = c.DeleteAccessKey(t.Context(), &awsiam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKey.AccessKeyId})
	refused(t, err, 404, "NoSuchEntity")
	_, err = c.DetachUserPolicy(t.Context(), &awsiam.DetachUserPolicyInput{UserName: name, PolicyArn: aws.String(queryARN)})
	require.NoError(t, err)
	_, err = c.DeleteUserPolicy(t.Context(), &awsiam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("self")})
	require.NoError(t, err)
	_, err = c.DeleteUser(t.Context(), &awsiam.DeleteUserInput{UserName: name})
	require.NoError(t, err)
	_, err = c.GetUser(t.Context(), &awsiam.GetUserInput{UserName: name})
	require.Equal(t, "The user with name collector cannot be found.", refused(t, err, 404, "NoSuchEntity"))
}

// TestRootsOwn has the root ask about itself.
func TestRootsOwn(t *testing.T) {
	r := newRig(t)
	got, err := r.root().GetUser(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, prefix+"root "+account, aws.ToString(got.User.Arn)+" "+aws.ToString(got.User.UserId))
	keys, err := r.root().ListAccessKeys(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, keys.AccessKeyMetadata, 1)
	require.Equal(t, "AKIAROOTROOTROOTROOT", aws.ToString(keys.AccessKeyMetadata[0].AccessKeyId))
}

// TestQuotasHoldAgainstHaste has many ask for the last key at once.
func TestQuotasHoldAgainstHaste(t *testing.T) {
	r := newRig(t)
	const asking = 12
	errs := make([]error, asking)
	var all sync.WaitGroup
	for i := range asking {
		all.Go(func() {
			_, errs[i] = r.root().CreateAccessKey(t.Context(), &awsiam.CreateAccessKeyInput{UserName: aws.String("nobody")})
		})
	}
	all.Wait()
	got := 0
	for _, err := range errs {
		if err == nil {
			got++
			continue
		}
		refused(t, err, 409, "LimitExceeded")
	}
	require.Equal(t, 1, got, "the user had one of two")
}
