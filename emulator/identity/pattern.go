package identity

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Wildcards in a compiled pattern. They are control characters, which the texts of
// policies may not have, so that a literal * (from ${*} or from a variable's value)
// stays one.
const (
	anyRun  = '\x00' // *
	anyChar = '\x01' // ?
)

// pattern is a text of a policy: literals, wildcards and policy variables.
type pattern struct {
	text   string // as written
	pieces []piece
}

// piece is compiled text or, if variable is set, a variable.
type piece struct {
	text     string
	variable string
	fallback string // of ${variable, 'fallback'}
	hasElse  bool
}

// compile reads a text. Variables are known since the policy language's second
// version only [D IAM guide, "Policy variables"].
func compile(text string, wildcards, variables bool) (pattern, error) {
	for i := range len(text) {
		if text[i] < ' ' {
			return pattern{}, fmt.Errorf("%q has a control character", text)
		}
	}
	p := pattern{text: text}
	var literal strings.Builder
	for rest := text; rest != ""; {
		if variables && strings.HasPrefix(rest, "${") {
			inside, after, ok := strings.Cut(rest[2:], "}")
			if !ok {
				return pattern{}, fmt.Errorf("%q has a ${ without its }", text)
			}
			rest = after
			switch inside {
			case "*", "?", "$": // stand for themselves [D]
				literal.WriteString(inside)
				continue
			}
			v, err := variable(inside)
			if err != nil {
				return pattern{}, fmt.Errorf("%q: %w", text, err)
			}
			if literal.Len() > 0 {
				p.pieces = append(p.pieces, piece{text: literal.String()})
				literal.Reset()
			}
			p.pieces = append(p.pieces, v)
			continue
		}
		switch c := rest[0]; {
		case wildcards && c == '*':
			literal.WriteByte(anyRun)
		case wildcards && c == '?':
			literal.WriteByte(anyChar)
		default:
			literal.WriteByte(c)
		}
		rest = rest[1:]
	}
	if literal.Len() > 0 || len(p.pieces) == 0 {
		p.pieces = append(p.pieces, piece{text: literal.String()})
	}
	return p, nil
}

// variable reads the inside of ${key} or ${key, 'default'} [D].
func variable(inside string) (piece, error) {
	key, fallback, hasElse := strings.Cut(inside, ",")
	v := piece{variable: strings.TrimSpace(key), hasElse: hasElse}
	if v.variable == "" || strings.ContainsAny(v.variable, "${ ") {
		return piece{}, fmt.Errorf("${%s} names no condition key", inside)
	}
	if hasElse {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return piece{}, errors.New("the default of a variable stands in single quotes")
		}
		v.fallback = fallback[1 : len(fallback)-1]
	}
	return v, nil
}

// expand puts in the variables. It fails if one has no value: then nothing equals the
// text [D IAM guide: the statement does not match].
func (p pattern) expand(in *scope) (string, bool) {
	if len(p.pieces) == 1 && p.pieces[0].variable == "" {
		return p.pieces[0].text, true
	}
	var b strings.Builder
	for _, part := range p.pieces {
		if part.variable == "" {
			b.WriteString(part.text)
			continue
		}
		values, _, ok := in.values(part.variable)
		switch {
		case ok && len(values) == 1 && !strings.ContainsAny(values[0], "\x00\x01"):
			b.WriteString(values[0])
		case !ok && part.hasElse:
			b.WriteString(part.fallback)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// matchMode says how a glob is held against a text.
type matchMode struct {
	fold bool // ASCII letters are equal whatever their case
	// arn keeps wildcards within a segment between colons, unless the * is the
	// segment's last character: that one goes on beyond it [D IAM guide, "Resource"].
	arn bool
}

// glob reports whether a compiled text matches. It goes back to the last * of each
// sort only: what an earlier one could still take up, a later one can as well.
func glob(pat, s string, mode matchMode) bool {
	wide, wideAt := -1, 0     // the last * that matches everything
	narrow, narrowAt := -1, 0 // the last * after it that keeps within its segment
	p, i := 0, 0
	for {
		if p < len(pat) {
			c := pat[p]
			switch {
			case c == anyRun:
				if mode.arn && p+1 < len(pat) && pat[p+1] != ':' {
					narrow, narrowAt = p, i
				} else {
					wide, wideAt, narrow = p, i, -1
				}
				p++
				continue
			case i == len(s):
			case c == anyChar:
				if !mode.arn || s[i] != ':' {
					_, size := utf8.DecodeRuneInString(s[i:])
					p, i = p+1, i+size
					continue
				}
			case c == s[i] || mode.fold && lower(c) == lower(s[i]):
				p, i = p+1, i+1
				continue
			}
		} else if i == len(s) {
			return true
		}
		switch {
		case narrow >= 0 && narrowAt < len(s) && s[narrowAt] != ':':
			narrowAt++
			p, i = narrow+1, narrowAt
		case wide >= 0 && wideAt < len(s):
			wideAt++
			p, i, narrow = wide+1, wideAt, -1
		default:
			return false
		}
	}
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// globARN matches each of the six parts of an ARN by itself, as the operators ArnLike
// and ArnEquals do [D IAM guide, "ARN condition operators"].
func globARN(pat, s string) bool {
	for range 5 {
		patPart, patRest, ok := strings.Cut(pat, ":")
		part, rest, ok2 := strings.Cut(s, ":")
		if !ok || !ok2 || !glob(patPart, part, matchMode{}) {
			return false
		}
		pat, s = patRest, rest
	}
	return glob(pat, s, matchMode{})
}
