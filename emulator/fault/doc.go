// Package fault makes requests go wrong on purpose: rules that delay, refuse, cut off
// or slow down requests, change what queries answer, or upset signatures.
//
// A rule says which requests it takes (action, workspace, principal, probability),
// when (schedule, count) and what happens to them: exactly one effect. A Set holds the
// rules in force; Serve leads a request past those that act once it is known who asks,
// ExpiredFor and ClockOffset tell what the others change in how its signature is judged.
//
// Schedules go by the injected clock. Delay and Slow take real time, which is what the
// client at the other end has.
package fault
