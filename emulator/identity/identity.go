// Package identity knows who may call the emulator: the access keys of the
// account and the principals behind them.
//
// It does not verify signatures; package sigv4 does, and asks this package for
// keys.
package identity

import "strings"

// Principal is the identity that a verified access key stands for.
type Principal struct {
	// ARN names the identity as IAM does, for example
	// arn:aws:iam::123456789012:root.
	ARN string
	// AccountID is the twelve-digit account that the identity belongs to.
	AccountID string
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
		ARN:       "arn:" + Partition(region) + ":iam::" + accountID + ":root",
		AccountID: accountID,
	}
}
