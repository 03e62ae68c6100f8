//go:build docker || release

package release_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"

	"github.com/ampersand-amp/ampersand/e2e/release/sample"
	"github.com/ampersand-amp/ampersand/emulator"
)

// client signs for the emulator at an address with its root key.
func client(address string) *amp.Client {
	return amp.NewFromConfig(aws.Config{
		Region: emulator.DefaultRegion, BaseEndpoint: aws.String("http://" + address),
		Credentials: credentials.NewStaticCredentialsProvider(emulator.DefaultAccessKeyID, emulator.DefaultSecretAccessKey, ""),
	})
}

// samples uses a workspace of that emulator.
func samples(address, workspace string) sample.Client {
	return sample.Client{
		Workspace: "http://" + address + "/workspaces/" + workspace,
		Region:    emulator.DefaultRegion, AccessKey: emulator.DefaultAccessKeyID, SecretKey: emulator.DefaultSecretAccessKey,
	}
}
