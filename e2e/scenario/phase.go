package scenario

import "github.com/ampersand-amp/ampersand/e2e/timeline"

// Until says which event ends a phase.
type Until string

// The events that end a phase.
const (
	// UntilTime ends a phase when its time has passed.
	UntilTime Until = ""
	// UntilReached ends a phase when Expect.Reach replicas are ready.
	UntilReached Until = "reached"
	// UntilReturned ends a phase when Expect.BackTo replicas are left.
	UntilReturned Until = "returned"
)

// Phase is a stretch of the load: constant, or of exactly one of the forms Ramp, Spike, Sine and Replay. All rates are requests
// per second over all pods together.
type Phase struct {
	// Name is for people and the timeline's marks; expectations and faults refer to it.
	Name string `json:"name"`
	// Rate is the load of a constant phase.
	Rate float64 `json:"rate,omitempty"`
	// Ramp changes the rate evenly over For.
	Ramp *Ramp `json:"ramp,omitempty"`
	// Spike goes up and down again, and takes Rise+Hold+Fall; what is left of For stays at its base.
	Spike *Spike `json:"spike,omitempty"`
	// Sine swings over For.
	Sine *Sine `json:"sine,omitempty"`
	// Replay follows a recorded load; what is left of For stays at its last rate.
	Replay *Replay `json:"replay,omitempty"`
	// Until is the event that ends the phase.
	Until Until `json:"until,omitempty"`
	// For is how long the phase lasts, or with Until how long it may last at most. Spike and Replay need none.
	For timeline.Duration `json:"for,omitempty"`
}

// Ramp is a rate that changes evenly.
type Ramp struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// Spike is a rate that goes from Base to Peak and back.
type Spike struct {
	Base float64           `json:"base"`
	Peak float64           `json:"peak"`
	Rise timeline.Duration `json:"rise,omitempty"`
	Hold timeline.Duration `json:"hold,omitempty"`
	Fall timeline.Duration `json:"fall,omitempty"`
}

// Sine is a rate that swings around Mean, beginning there and upwards. Amplitude is at most Mean.
type Sine struct {
	Mean      float64           `json:"mean"`
	Amplitude float64           `json:"amplitude"`
	Period    timeline.Duration `json:"period"`
}

// Replay is a rate from a file of comma-separated values: seconds from the phase's beginning, and requests per second. A line
// that does not begin with a number may come first.
type Replay struct {
	// File is relative to the scenario's folder.
	File string `json:"file"`
	// Scale multiplies the rates, Speed divides the times; both are 1 when absent.
	Scale float64 `json:"scale,omitempty"`
	Speed float64 `json:"speed,omitempty"`

	points []Point // read with the scenario
}

// Point is a rate at an instant of a phase. Between two points the rate changes evenly; two points at the same instant are a step.
type Point struct {
	// After is the time since the phase began.
	After timeline.Duration `json:"after"`
	// Rate is in requests per second.
	Rate float64 `json:"rate"`
}
