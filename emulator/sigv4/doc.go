// Package sigv4 judges signed AWS requests the way the front of Amazon Managed
// Service for Prometheus does: it recomputes the Signature Version 4 of a request
// from its raw request target, headers and body, and refuses with AWS' own status,
// error type and text when anything is off, in AWS' own order of checks.
//
// It only answers "who signed this". What that principal may do is package
// identity, and writing a refusal to the wire is package awsapi. It does not sign:
// use aws-sdk-go-v2's aws/signer/v4 for that. It does not know SigV4a, chunked
// payload signatures or any S3 speciality, because AMP has none of them.
//
// Every AWS fact in the comments of this package carries its evidence mark and the
// place in the project's reference (amp-api.md) where the source is named:
// [D] documented, [O] observed at AWS, [M] measured with real clients, [SS] modelled
// by scratchstack-aws-signature, [I] inferred, [R] recalled.
package sigv4
