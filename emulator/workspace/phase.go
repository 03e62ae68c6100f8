package workspace

import "time"

// Status is the state of a resource in its life cycle [D].
type Status string

// The states that the emulator's resources pass through. A workspace is never
// UPDATING nor failed here. The model also knows DELETION_FAILED, for scrapers
// and anomaly detectors, which nothing here leads to.
const (
	StatusCreating       Status = "CREATING"
	StatusActive         Status = "ACTIVE"
	StatusUpdating       Status = "UPDATING"
	StatusDeleting       Status = "DELETING"
	StatusCreationFailed Status = "CREATION_FAILED"
	StatusUpdateFailed   Status = "UPDATE_FAILED"
)

// phase is the last step in the life of a resource. What is seen of it follows
// from the clock, so that there is no timer and nothing to lose in a crash.
type phase struct {
	// Via is what is seen at first: CREATING, UPDATING or DELETING.
	Via Status `json:"via"`
	// To is what comes then: ACTIVE, a failure or, after DELETING, nothing.
	To Status `json:"to,omitempty"`
	// Reason is why it failed.
	Reason string `json:"reason,omitempty"`
	// Since is when the step began.
	Since time.Time `json:"since"`
}

// pace is how long steps take: creations and updates, and deletions.
type pace struct {
	create, remove time.Duration
}

// at returns the status at a time, and not ok when the resource is gone.
func (p phase) at(now time.Time, pace pace) (s statusShape, ok bool) {
	if p.Via == StatusDeleting {
		return statusShape{Code: StatusDeleting}, now.Sub(p.Since) < pace.remove
	}
	if now.Sub(p.Since) < pace.create {
		return statusShape{Code: p.Via}, true
	}
	return statusShape{Code: p.To, Reason: p.Reason}, true
}

// started is the status that the operation which began the step answers with
// [D: the answer to a creation says CREATING].
func (p phase) started() statusShape { return statusShape{Code: p.Via} }

// settled reports whether the resource may be changed: not while it is being
// created, updated or deleted [I from the declared ConflictException].
func settled(s Status) bool {
	return s != StatusCreating && s != StatusUpdating && s != StatusDeleting
}

// statusShape is a status as the protocol writes it [D].
type statusShape struct {
	Code   Status `json:"statusCode"`
	Reason string `json:"statusReason,omitempty"`
}
