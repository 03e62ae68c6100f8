package identity

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// The bounds of a role's maximum session duration [D IAM API].
const (
	defaultRoleSession = time.Hour
	maxRoleSession     = 12 * time.Hour
)

// reader makes a snapshot of an identity file.
type reader struct {
	store *Store
	state *snapshot
	names *regexp.Regexp
	paths *regexp.Regexp
	keys  *regexp.Regexp
}

// read makes a snapshot of the text of an identity file. What is wrong is told all at
// once.
func (s *Store) read(raw []byte) (*snapshot, error) {
	file, root, err := decodeFile(raw)
	if err != nil {
		return nil, err
	}
	r := reader{
		store: s, state: s.empty(),
		names: regexp.MustCompile(`^[\w+=,.@-]{1,64}$`),          // [D IAM API]
		paths: regexp.MustCompile(`^/(?:[\x21-\x7e]{1,510}/)?$`), // [D IAM API]
		keys:  regexp.MustCompile(`^\w{1,128}$`),                 // [D IAM API, but for the shortest: 16]
	}
	top := place{root: root}
	errs := []error{r.account(top, s.cfg.AccountID, file.accountFile)}
	for i, p := range file.Providers {
		errs = append(errs, r.provider(top.at("oidcProviders", i), p))
	}
	for i, a := range file.Accounts {
		at := top.at("accounts", i)
		switch {
		case !regexp.MustCompile(`^[0-9]{12}$`).MatchString(a.ID):
			errs = append(errs, at.at("id").errorf("%q is no account of twelve digits", a.ID))
		case r.state.accounts[a.ID] != nil:
			errs = append(errs, at.at("id").errorf("account %s is there already", a.ID))
		default:
			errs = append(errs, r.account(at, a.ID, a.accountFile))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r.state, nil
}

func (r *reader) account(at place, id string, file accountFile) error {
	a := newAccount(id)
	r.state.accounts[id] = a
	var errs []error
	for i, p := range file.Policies {
		errs = append(errs, r.managed(at.at("policies", i), a, p))
	}
	for i, u := range file.Users {
		errs = append(errs, r.user(at.at("users", i), a, u))
	}
	for i, f := range file.Roles {
		errs = append(errs, r.role(at.at("roles", i), a, f))
	}
	return errors.Join(errs...)
}

// arn checks name and path and makes an ARN of them.
func (r *reader) arn(at place, account, kind, path, name string) (string, error) {
	if !r.names.MatchString(name) {
		return "", at.at("name").errorf("%q is no name of letters, digits and +=,.@-_", name)
	}
	if path == "" {
		path = "/"
	}
	if !r.paths.MatchString(path) {
		return "", at.at("path").errorf("%q does not begin and end with a slash", path)
	}
	return fmt.Sprintf("arn:%s:iam::%s:%s%s%s", r.store.partition, account, kind, path, name), nil
}

func (r *reader) managed(at place, a *account, file policyFile) error {
	arn, err := r.arn(at, a.id, "policy", file.Path, file.Name)
	if err != nil {
		return err
	}
	if a.policies[arn] != nil {
		return at.at("name").errorf("another policy is %s", arn)
	}
	document, err := documentJSON(&file.Document)
	if err != nil {
		return at.at("document").errorf("%w", err)
	}
	p, err := ParsePolicy(document)
	if err != nil {
		return at.at("document").errorf("%w", err)
	}
	a.policies[arn] = p
	return nil
}

func (r *reader) user(at place, a *account, file userFile) error {
	arn, err := r.arn(at, a.id, "user", file.Path, file.Name)
	if err != nil {
		return err
	}
	if a.users[file.Name] != nil || a.id == r.store.cfg.AccountID && file.Name == rootName {
		return at.at("name").errorf("another user is called %s", file.Name)
	}
	m := &member{name: file.Name, arn: arn, created: r.store.now(), principal: Principal{
		Kind: KindUser, ARN: arn, AccountID: a.id, UserID: uniqueID("AIDA", arn), UserName: file.Name, Tags: file.Tags,
	}}
	errs := []error{r.grants(at.at("policies"), a, m, file.Policies)}
	for i, k := range file.Keys {
		errs = append(errs, r.key(at.at("accessKeys", i), m, k))
	}
	a.users[file.Name], r.state.members[arn] = m, m
	return errors.Join(errs...)
}

func (r *reader) key(at place, user *member, file keyFile) error {
	switch {
	// Never the id itself: it is the secret where somebody swapped the two.
	case !r.keys.MatchString(file.ID):
		return at.at("id").errorf("this is no access key id of letters and digits")
	case looksLikeKeyID(file.Secret):
		return at.at("secret").errorf("the secret has the form of an access key id: id and secret may be swapped")
	case strings.HasPrefix(file.ID, "ASIA"):
		return at.at("id").errorf("this would be a temporary key: those come from STS")
	case r.state.keys[file.ID] != nil:
		return at.at("id").errorf("another access key has this id")
	case file.Secret == "" || strings.ContainsFunc(file.Secret, func(c rune) bool { return c <= ' ' || c > '~' }):
		return at.at("secret").errorf("the secret is empty or has characters other than those of ASCII without blanks")
	}
	k := &accessKey{user: user.name, status: KeyActive, created: r.store.now(), key: sigv4.Key{
		AccessKeyID: file.ID, SecretAccessKey: file.Secret, Principal: user.principal,
	}}
	switch strings.ToLower(file.Status) {
	case "", "active":
	case "inactive":
		k.status = KeyInactive
	default:
		return at.at("status").errorf("%q is neither active nor inactive", file.Status)
	}
	if file.Created != "" {
		created, err := time.Parse(time.RFC3339, file.Created)
		if err != nil {
			return at.at("created").errorf("%q is no time such as 2026-01-02T15:04:05Z", file.Created)
		}
		k.created = created
	}
	r.state.keys[file.ID] = k
	return nil
}

func (r *reader) role(at place, a *account, file roleFile) error {
	arn, err := r.arn(at, a.id, "role", file.Path, file.Name)
	if err != nil {
		return err
	}
	if a.roles[file.Name] != nil {
		return at.at("name").errorf("another role is called %s", file.Name)
	}
	longest, err := roleSession(file.Max)
	if err != nil {
		return at.at("maxSessionDuration").errorf("%w", err)
	}
	document, err := documentJSON(&file.Trust)
	if err != nil {
		return at.at("trustPolicy").errorf("%w", err)
	}
	trust, err := ParseTrustPolicy(document)
	if err != nil {
		return at.at("trustPolicy").errorf("%w", err)
	}
	path := file.Path
	if path == "" {
		path = "/"
	}
	m := &member{isRole: true, name: file.Name, arn: arn, role: Role{
		ARN: arn, Name: file.Name, Path: path, ID: uniqueID("AROA", arn), AccountID: a.id,
		TrustPolicy: trust, MaxSessionDuration: longest, Tags: file.Tags, Created: r.store.now(),
	}}
	a.roles[file.Name], r.state.members[arn] = m, m
	return r.grants(at.at("policies"), a, m, file.Policies)
}

// minRoleSession is far below IAM's hour: sessions that end in seconds show in a
// test what a client does when they do.
const minRoleSession = time.Second

// roleSession reads a duration, or seconds as IAM has them.
func roleSession(text string) (time.Duration, error) {
	if text == "" {
		return defaultRoleSession, nil
	}
	d, err := time.ParseDuration(text)
	if seconds, err2 := strconv.ParseUint(text, 10, 32); err2 == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%q is neither a duration such as 2h nor seconds", text)
	}
	if d < minRoleSession || d > maxRoleSession {
		return 0, fmt.Errorf("%s is not within 1s and 12h", text)
	}
	return d, nil
}

func (r *reader) grants(at place, a *account, m *member, files []grantFile) error {
	var errs []error
	for i, f := range files {
		g, err := r.grant(at.at(i), a, f)
		if err == nil && m.has(g) {
			err = at.at(i).errorf("policy %s is there twice", g.name)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		m.grants = append(m.grants, g)
	}
	return errors.Join(errs...)
}

func (r *reader) grant(at place, a *account, file grantFile) (grant, error) {
	inline := file.Document.Kind != 0
	switch {
	case file.ARN != "" && (file.Name != "" || inline):
		return grant{}, at.errorf("a policy has either an arn, or a name and a document")
	case file.ARN != "":
		p, ok := r.store.managed[file.ARN]
		if !ok {
			p, ok = a.policies[file.ARN], a.policies[file.ARN] != nil
		}
		if !ok {
			return grant{}, at.at("arn").errorf("there is no policy %s: it is neither one of AWS's for AMP nor under policies", file.ARN)
		}
		return attached(file.ARN, p), nil
	}
	if err := checkPolicyName(file.Name); err != nil {
		return grant{}, at.at("name").errorf("%w", err)
	}
	document, err := documentJSON(&file.Document)
	if err != nil {
		return grant{}, at.at("document").errorf("%w", err)
	}
	p, err := ParsePolicy(document)
	if err != nil {
		return grant{}, at.at("document").errorf("%w", err)
	}
	return grant{name: file.Name, policy: p}, nil
}

// attached is a managed policy that somebody has; it goes by the last part of its ARN.
func attached(arn string, p *Policy) grant {
	return grant{name: arn[strings.LastIndex(arn, "/")+1:], arn: arn, policy: p}
}

// has reports whether the member has this policy: an attached and an inline one may be
// called alike.
func (m *member) has(g grant) bool {
	for _, have := range m.grants {
		if have.arn == g.arn && have.name == g.name {
			return true
		}
	}
	return false
}

func (r *reader) provider(at place, file providerFile) error {
	issuer := strings.TrimSuffix(file.Issuer, "/")
	u, err := url.Parse(issuer)
	switch {
	case err != nil || !plainHTTPS(u):
		return at.at("issuer").errorf("%q is no https URL without query", file.Issuer) // as IAM demands [D]
	case r.state.providers[issuer].ARN != "":
		return at.at("issuer").errorf("another provider is %s", issuer)
	case len(file.ClientIDs) == 0:
		return at.errorf("no clientIDs: no token could be for anybody; usually [sts.amazonaws.com]")
	case file.JWKSFile != "" && file.JWKSURL != "":
		return at.errorf("jwksFile and jwksURL exclude each other")
	}
	if file.JWKSURL != "" {
		if u, err := url.Parse(file.JWKSURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return at.at("jwksURL").errorf("%q is no URL", file.JWKSURL)
		}
	}
	r.state.providers[issuer] = Provider{
		ARN: fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", r.store.partition, r.store.cfg.AccountID,
			strings.TrimPrefix(issuer, "https://")),
		Issuer: file.Issuer, ClientIDs: file.ClientIDs, JWKSURL: file.JWKSURL,
		JWKSFile: r.path(file.JWKSFile), CAFile: r.path(file.CAFile), BearerTokenFile: r.path(file.BearerTokenFile),
		Thumbprints: file.Thumbprints, Created: r.store.now(),
	}
	return nil
}

// path makes a path relative to the identity file a whole one.
func (r *reader) path(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.store.cfg.File), path)
}
