// Package iam is the part of AWS Identity and Access Management that stands a chain of
// Amazon Managed Service for Prometheus up and takes it down: roles with their trust
// policies and tags, users with their access keys, OpenID Connect providers, and the
// policies of roles and users, in the query protocol with XML answers.
//
// It speaks IAM's protocol, judges its input, authorizes each call by the caller's own
// policies and keeps IAM's quotas. Who exists and what policies say is package identity;
// signatures are judged before, by package sigv4. What is made here counts at once: AWS's
// own IAM takes seconds to follow.
//
// Evidence marks in this package: [D] documented by AWS or its API model, [O] observed by
// others on the real service, [M] measured with real clients, [I] inferred, [R] recalled.
package iam
