// Package timeline records what every hop of the autoscaling chain showed during a run, splits the reaction time over the
// hops, says beforehand how long each may take, checks the trajectory of the replicas, and writes all of it as text, JSON, CSV,
// JUnit, Markdown, as a picture (SVG) and as a page (HTML) that needs nothing else. Two runs can be laid over each other.
// Package chart below it draws, package live shows a run that goes on.
//
// It is not a metrics store and knows nothing of Kubernetes, KEDA or the emulator: whoever runs the chain passes small sources
// that are read at an interval, pushes exact instants from watches, and gets a [Run] back, which is plain data.
package timeline
