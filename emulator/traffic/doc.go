// Package traffic counts what went into and out of each workspace lately, second by
// second, for as long as Window reaches back.
//
// A workspace costs a fixed few kilobytes. Nothing runs in the background: a second is
// made room for when something happens in it, and added up when somebody asks.
package traffic
