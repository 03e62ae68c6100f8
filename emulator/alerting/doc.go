// Package alerting runs what a workspace defines beyond its samples: recording
// and alerting rules on Prometheus' rule engine, and an alert manager on
// Alertmanager's own packages, each workspace by itself.
//
// Nothing leaves the process. What an alert manager would send to Amazon SNS or
// PagerDuty is rendered to the end and kept where it can be looked at; see
// Manager.Notifications.
//
// Evidence marks in this package: [D] documented by AWS, [O] observed by others
// on the real service, [C] Cortex's code, [I] inferred, [R] recalled.
package alerting
