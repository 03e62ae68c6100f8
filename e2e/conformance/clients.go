package conformance

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Control returns AWS's client of the control plane.
func (t *T) Control() *amp.Client { return t.run.control(t.wire, t.run.target.Credentials) }

// ControlAs is Control with other credentials.
func (t *T) ControlAs(key aws.Credentials) *amp.Client {
	return t.run.control(t.wire, credentials.StaticCredentialsProvider{Value: key})
}

// STS returns AWS's client of the security token service.
func (t *T) STS() *sts.Client {
	cfg := t.run.config(t.wire, t.run.target.Credentials)
	return sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = &t.run.target.STS })
}

// As returns credentials of the target's role, narrowed to what policy allows.
// A check that calls it is marked NeedsRole.
func (t *T) As(policy string) aws.Credentials {
	role := t.run.target.Role
	if role == "" {
		t.NotApplicable("the target has no role to assume")
	}
	out, err := t.STS().AssumeRole(t.ctx, &sts.AssumeRoleInput{
		RoleArn: &role, RoleSessionName: aws.String(sessionName(t.check.ID)), Policy: &policy,
	})
	if err != nil {
		t.Fatalf("assume %s with the session policy %s: %v", role, policy, err)
	}
	return aws.Credentials{
		AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken: aws.ToString(out.Credentials.SessionToken), Expires: aws.ToTime(out.Credentials.Expiration), CanExpire: true,
	}
}

// sessionName makes a role session's name of a check's id; AWS takes 64
// characters [D].
func sessionName(id string) string { return id[:min(len(id), 64)] }

// config is for AWS's clients: the run's region and transport, and nothing of
// the environment's.
func (r *run) config(w *wire, key aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: r.target.Region, Credentials: key, HTTPClient: w.client()}
}

func (r *run) control(w *wire, key aws.CredentialsProvider) *amp.Client {
	return amp.NewFromConfig(r.config(w, key), func(o *amp.Options) { o.BaseEndpoint = &r.target.Endpoint })
}
