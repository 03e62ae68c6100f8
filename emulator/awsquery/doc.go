// Package awsquery is the AWS query protocol as STS and IAM speak it: a form with an
// Action goes in, XML comes out. It reads and checks parameters and writes the envelopes
// of results and refusals; what an action does is its service's.
package awsquery
