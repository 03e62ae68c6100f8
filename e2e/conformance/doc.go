// Package conformance is AMP's behaviour written down as checks that need only
// an endpoint, a region and credentials. The emulator passes them in every test
// run; against real AMP they show, one by one, where the emulator or what we
// know is wrong.
//
// A [Check] is data and a function; the function gets a [T], with which it sends
// requests and says what it expected. [Run] carries out checks against a
// [Target]. Everything is sent through one transport, so that every request is
// paced, counted and known by the check that sent it, and every workspace that
// comes into being is removed.
//
// Checks share one workspace and run at the same time: a check uses metric names
// of its own ([T.Metric]) and takes a workspace of its own where it changes what
// others would see.
package conformance
