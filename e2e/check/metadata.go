package check

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// metadataKeys are what KEDA's prometheus scaler, and the signers and authentication that it knows, read.
func metadataKeys() []string {
	return []string{
		"serverAddress", "query", "queryParameters", "threshold", "activationThreshold", "namespace", "customHeaders",
		"ignoreNullValues", "unsafeSsl", "awsRegion", "timeout", "identityOwner", "authModes", "authMode", "apiKey", "method",
		"keyParamName", "awsAccessKeyID", "awsAccessKeyIDFromEnv", "awsSecretAccessKeyFromEnv", "credentialsFromEnv",
		"credentialsFromEnvFile",
	}
}

// check judges one trigger.
func (t *trigger) check(found *notes, s set, o Options) {
	t.checkMetadata(found)
	t.checkNumbers(found)
	t.checkAddress(found)
	t.checkSigning(found, s)
	t.checkQuery(found, o)
	t.checkLoad(found, o)
}

// checkMetadata judges the keys of the metadata and the form of its values.
func (t *trigger) checkMetadata(found *notes) {
	for key, value := range t.meta.fields() {
		name := key.text()
		at := t.owner.where(key)
		if value.there() && !value.isText() {
			found.add("metadata-not-text", at, "%s is no text but %s", name, strings.TrimPrefix(value.yaml.Tag, "!!"))
		}
		switch {
		case name == "metricName":
			found.add("metric-name", at, "metricName is %q", value.text())
		case !slices.Contains(metadataKeys(), name):
			found.add("unknown-key", at, "the scaler does not read %s%s", name, meant(name, metadataKeys()))
		}
	}
	for _, name := range []string{"ignoreNullValues", "unsafeSsl"} {
		if v := t.meta.at(name); v.there() {
			if _, err := strconv.ParseBool(v.text()); err != nil {
				found.add("not-a-boolean", t.where(name), "%s is %q", name, v.text())
			}
		}
	}
	if v := t.meta.at("timeout"); v.there() {
		switch d, ok := timeout(v.text()); {
		case !ok:
			found.add("timeout-invalid", t.where("timeout"), "timeout is %q", v.text())
		case d > 0 && d < 100*time.Millisecond:
			found.add("timeout-short", t.where("timeout"), "timeout %q is %s", v.text(), d)
		}
	}
}

// checkNumbers judges threshold, activationThreshold and metricType.
func (t *trigger) checkNumbers(found *notes) {
	threshold := t.meta.at("threshold")
	value, ok := number(threshold.text())
	switch {
	case !threshold.there():
		found.add("threshold-missing", t.where("threshold"), "trigger %d has no threshold", t.Index)
	case !ok:
		found.add("not-a-number", t.where("threshold"), "threshold is %q", threshold.text())
	case value <= 0:
		found.add("threshold-zero", t.where("threshold"), "threshold is %s", threshold.text())
	}
	if a := t.meta.at("activationThreshold"); a.there() {
		at := t.where("activationThreshold")
		activation, isNumber := number(a.text())
		switch {
		case !isNumber:
			found.add("not-a-number", at, "activationThreshold is %q", a.text())
		case t.owner.min() > 0:
			found.add("activation-without-effect", at, "activationThreshold is %s and minReplicaCount is %d", a.text(), t.owner.min())
		case activation > 0 && ok && activation >= value:
			found.add("activation-outranks", at, "activationThreshold %s is not below threshold %s", a.text(), threshold.text())
		case activation > 0:
			found.add("activation", at, "activationThreshold is %s: exactly %s does not activate", a.text(), a.text())
		}
	}
	switch kind := t.node.at("metricType"); kind.text() {
	case "", "AverageValue":
	case "Value":
		found.add("metric-type-value", t.owner.where(kind), "metricType is Value")
	default:
		found.add("metric-type", t.owner.where(kind), "metricType is %q", kind.text())
	}
}

// meant suggests the name that was probably meant.
func meant(name string, known []string) string {
	best, least := "", 6
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if d < least && d*2 < len(k) {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// distance counts the letters to change, add or take away to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
