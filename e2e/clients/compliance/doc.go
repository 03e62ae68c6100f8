// Package compliance has the lab's senders tried by the Prometheus project's suite for senders of remote write, whose
// modules no other part of the repository needs: hence a module of its own. scripts/compliance runs it and gives it what
// it needs (`make compliance`).
package compliance
