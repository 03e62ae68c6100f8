package ingest

import "time"

// Limits bound what is accepted. A zero field is the default, a negative one
// switches the check off.
type Limits struct {
	// LabelsPerSeries, __name__ included. Default 150. [R] amp-api.md 3, L-CDA4AB0F.
	LabelsPerSeries int
	// LabelNameLength in bytes. Default 1024. [C]
	LabelNameLength int
	// LabelValueLength in bytes. Default 2048. [C]
	LabelValueLength int
	// LabelsSize is the sum of all names and values of a series in bytes.
	// Default 7 KB. [R] amp-api.md 3, L-8E142053.
	LabelsSize int
	// MetadataLength bounds metric name, HELP and UNIT each, in bytes.
	// Default 1 KB. [O] amp-api.md 3, L-ECC75BFE.
	MetadataLength int
	// DecodedSize bounds a request after decompression, in bytes. Default
	// 100 MiB. [C] distributor.max-recv-msg-size.
	DecodedSize int
	// SampleAge is how old a sample may be. Default 1 h. [D] amp-api.md 3.
	SampleAge time.Duration
	// SampleFuture is how far a sample may be ahead of the clock. Default
	// 10 min. [C] validation.create-grace-period.
	SampleFuture time.Duration
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.LabelsPerSeries, 150)
	setDefault(&l.LabelNameLength, 1024)
	setDefault(&l.LabelValueLength, 2048)
	setDefault(&l.LabelsSize, 7*1024)
	setDefault(&l.MetadataLength, 1024)
	setDefault(&l.DecodedSize, 100<<20)
	setDefault(&l.SampleAge, time.Hour)
	setDefault(&l.SampleFuture, 10*time.Minute)
	return l
}

func setDefault[T int | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// over reports whether actual breaks limit; a negative limit is none.
func over(actual, limit int) bool { return limit >= 0 && actual > limit }
