// Package sts is the part of AWS Security Token Service that the clients of
// Amazon Managed Service for Prometheus need: AssumeRole,
// AssumeRoleWithWebIdentity, GetCallerIdentity, GetSessionToken and
// GetAccessKeyInfo, in the query protocol with XML answers.
//
// It decides whether somebody may become a role, and on what terms. Web identity
// tokens are verified for real: their signature with the keys of the issuer, their
// issuer, audience and times, and the trust policy of the role. Signatures of
// requests are judged before, by package sigv4; who exists, what policies say and
// what a session is, is package identity.
//
// Neither tokens nor secrets are logged, nor put into an error: what a token is
// refused for is said by its claims at most.
//
// Evidence marks in this package: [D] documented by AWS or its API model, [O]
// observed by others on the real service, [M] measured with real clients, [I]
// inferred, [R] recalled. Section numbers are those of the project's amp-api.md.
package sts
