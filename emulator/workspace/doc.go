// Package workspace is the control plane of the emulator: the 44 operations that
// the `amp` clients of AWS call in REST-JSON, the life cycles of the resources
// behind them, and the files that keep them.
//
// It holds no samples and evaluates nothing. Where samples are is behind the
// small interface Data, what makes a good definition behind Judge, and what the
// data plane has to follow of a workspace it reads from InForce. Those are rule
// and alert manager definitions and the workspace configuration. Logging, query
// logging, resource policies, scrapers and anomaly detectors are kept and pass
// through their states, and have no effect here.
//
// A change is durable when it is answered. The state is one JSON file that is
// replaced in one step; large contents are files of their own beside it, named by
// their hash, written before the state that needs them and removed after the
// last. What is seen of a resource follows from its last step and the clock, so
// there is no timer and nothing to lose in a crash.
//
// Evidence marks in this package: [D] documented by AWS or its API model
// (botocore amp/2020-08-01, aws-sdk-go-v2 service/amp), [O] observed by others on
// the real service, [M] measured with real clients, [I] inferred, [R] recalled.
package workspace
