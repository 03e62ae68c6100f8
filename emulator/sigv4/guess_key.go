package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// secrets tries forms of the right secret that come of copying it, and keys that
// were derived from it for something else.
func (i *investigation) secrets(yield func(guess) bool) bool {
	secret := i.key.SecretAccessKey
	try := func(cause, text string, derived [sha256.Size]byte) bool {
		c := i.base
		c.key = &derived
		return yield(guess{cause, text, c})
	}
	encoded := base64.StdEncoding.EncodeToString
	for _, form := range []struct{ secret, what string }{
		{secret + "\n", "has a newline at its end"},
		{secret + "\r\n", "has a newline at its end"},
		{secret + "\r", "has a carriage return at its end"},
		{secret + " ", "has a blank at its end"},
		{" " + secret, "has a blank in front"},
		{secret + "\t", "has a tab at its end"},
		{`"` + secret + `"`, "stands in quotes"},
		{"'" + secret + "'", "stands in quotes"},
		{encoded([]byte(secret)), "is still encoded in base64, as Kubernetes shows it"},
		{encoded([]byte(secret + "\n")), "is still encoded in base64, as Kubernetes shows it, and has a newline at its end"},
		{strings.TrimSpace(secret), "lacks blanks that the key has here"},
		{"", "is empty"},
		{i.key.AccessKeyID, "is the access key id"},
	} {
		if form.secret == secret {
			continue
		}
		text := "The client's secret access key " + form.what + ". Set AWS_SECRET_ACCESS_KEY, or the Kubernetes Secret, " +
			"to the secret alone (echo -n, not echo)."
		if !try(CauseSecretForm, text, deriveKey(form.secret, i.scope.Date, i.scope.Region, i.scope.Service)) {
			return false
		}
	}
	day, err := time.Parse("20060102", i.scope.Date)
	if err != nil {
		return true
	}
	for _, shift := range []int{-1, 1} {
		derived := deriveKey(secret, day.AddDate(0, 0, shift).Format("20060102"), i.scope.Region, i.scope.Service)
		if !try(CauseStaleSigningKey, "The client signed with a key derived for another day than its scope names: it keeps a signing "+
			"key beyond midnight UTC. Derive it anew each day.", derived) {
			return false
		}
	}
	return true
}

// dates undoes a change of the date: another of the request's dates, one digit, or a
// few seconds.
func (i *investigation) dates(yield func(guess) bool) bool {
	for _, date := range i.earlierDates() {
		c := i.base
		c.date = date
		if i.auth.presigned {
			c.query = strings.Replace(c.query, paramDate+"="+i.auth.date, paramDate+"="+date, 1)
		} else {
			c.lines = slices.Clone(c.lines)
			for k, name := range i.names {
				if name == "x-amz-date" || name == "date" {
					c.lines[k] = strings.Replace(c.lines[k], i.auth.date, date, 1)
				}
			}
		}
		text := "The client signed the date " + date + ", but the request arrived with " + i.auth.date +
			": it was changed after signing. Let nothing set or correct the date of a signed request."
		if !yield(guess{CauseDate, text, c}) {
			return false
		}
	}
	return true
}

// earlierDates lists the dates that may have been signed.
func (i *investigation) earlierDates() []string {
	sent := i.auth.date
	var out []string
	add := func(date string) {
		if date != "" && date != sent && len(date) < 64 && !slices.Contains(out, date) {
			out = append(out, date)
		}
	}
	if other := i.r.Header.Get("Date"); !i.auth.presigned {
		add(other)
		if when, err := time.Parse(time.RFC1123, other); err == nil {
			add(when.UTC().Format(isoBasic))
		}
	}
	when, ok := parseDate(sent)
	if !ok {
		return out
	}
	for seconds := 1; seconds <= 5; seconds++ {
		add(when.Add(time.Duration(seconds) * time.Second).Format(isoBasic))
		add(when.Add(-time.Duration(seconds) * time.Second).Format(isoBasic))
	}
	for at := len("20060102T15"); at < len(isoBasic)-1; at++ { // minutes and seconds: more is beyond the skew
		for digit := range 10 {
			add(sent[:at] + strconv.Itoa(digit) + sent[at+1:])
		}
	}
	return out
}
