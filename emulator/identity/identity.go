// Package identity knows who may call the emulator and what each caller may do:
// the users, roles and keys of the account, the sessions that STS opened, and the
// policies of IAM that bind them.
//
// It does not verify signatures; package sigv4 does, and asks the Store for keys.
// Nor does it speak STS: package sts asks the Store for roles and opens sessions.
//
// # The identity file
//
// A Store knows the account's root and its access key. Everything else comes from a
// file (see testdata/identity.yaml for all of it), which is watched:
//
//	users:
//	  - name: collector
//	    accessKeys:
//	      - id: AKIAIOSFODNN7COLLECT
//	        secret: a-secret-of-any-length
//	    policies:
//	      - arn: arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess
//	roles:
//	  - name: amp-query
//	    trustPolicy:
//	      Version: 2012-10-17
//	      Statement:
//	        Effect: Allow
//	        Principal: {AWS: "123456789012"}
//	        Action: sts:AssumeRole
//	    policies:
//	      - arn: arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess
//
// A new file that is wrong is reported and changes nothing. A good one replaces all
// that was there but the sessions: those end only if their user or role is gone. What
// was changed at run time of whoever the file names, by the methods of Store or over
// Handler, lasts until the next change of the file or the next start. Users, roles and
// providers that were made at run time stay when the file changes, unless it now has one
// of that name, and are kept in Config.StateFile if there is one. So are sessions, in a
// file beside it.
package identity

import (
	"strings"
	"time"
)

// Kind is what sort of identity a Principal is.
type Kind string

// The kinds of principals.
const (
	KindRoot        Kind = "root"
	KindUser        Kind = "user"
	KindAssumedRole Kind = "assumed-role"
	// KindFederated is an OpenID Connect provider, as a role's trust policy names it:
	// Principal.ARN is the provider's.
	KindFederated Kind = "federated"
)

// Principal is the identity that a verified access key stands for.
type Principal struct {
	Kind Kind
	// ARN names the identity as IAM and STS do, for example
	// arn:aws:iam::123456789012:user/collector or
	// arn:aws:sts::123456789012:assumed-role/amp-query/keda.
	ARN string
	// AccountID is the twelve-digit account that the identity belongs to.
	AccountID string
	// UserID is the unique id: the account of a root, AIDA... of a user,
	// AROA...:session of a role's session.
	UserID string
	// UserName is the name of a user.
	UserName string
	// RoleARN and SessionName are those of a role's session.
	RoleARN, SessionName string
	// SessionKey is the ASIA... key of the temporary credentials, if they are such.
	SessionKey string
	// FederatedProvider is the ARN of the OpenID Connect provider by whose token the
	// session was opened, if it was.
	FederatedProvider string
	// Issued is when the temporary credentials were.
	Issued time.Time
	// Tags are those of the user or role. They are not to be changed.
	Tags map[string]string
}

// owner is the ARN of the user or role whose policies count.
func (p Principal) owner() string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}

// Partition returns the AWS partition of a region: aws, aws-cn or aws-us-gov
// [D AWS SDK partition rules].
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// RootPrincipal is the account itself, which may do everything [D IAM guide,
// "AWS account root user"].
func RootPrincipal(region, accountID string) Principal {
	return Principal{
		Kind:      KindRoot,
		ARN:       "arn:" + Partition(region) + ":iam::" + accountID + ":root",
		AccountID: accountID,
		UserID:    accountID,
	}
}
