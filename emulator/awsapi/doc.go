// Package awsapi gives answers the outer shape that the fronts of AWS give
// them: request ids, the Date header, and errors in the dialects that clients
// of Amazon Managed Service for Prometheus meet.
//
// It knows nothing of signatures, workspaces or samples. The errors of the back
// (plain text for remote write, Prometheus JSON for queries) are written by the
// packages that produce them.
//
// Evidence marks in this package: [D] documented by AWS or its API model, [O]
// observed by others on the real service, [M] measured with real clients, [I]
// inferred.
package awsapi
