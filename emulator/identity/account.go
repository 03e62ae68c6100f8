package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// KeyStatus is whether an access key works.
type KeyStatus string

// The states of an access key [D IAM API].
const (
	KeyActive   KeyStatus = "Active"
	KeyInactive KeyStatus = "Inactive"
)

// Role is a role of the account.
type Role struct {
	ARN, Name, Path string
	// ID is the unique id, AROA...
	ID string
	// AccountID is the account that the role belongs to.
	AccountID string
	// TrustPolicy says who may assume the role.
	TrustPolicy *Policy
	// MaxSessionDuration bounds the role's sessions.
	MaxSessionDuration time.Duration
	// Description is what its maker wrote about it.
	Description string
	// Created is when it was; of a role of the identity file, when that was read.
	Created time.Time
	// Tags are not to be changed.
	Tags map[string]string
}

// Provider is an OpenID Connect provider of the account: an issuer of web identity
// tokens that roles may trust.
type Provider struct {
	// ARN is what trust policies name: arn:aws:iam::ACCOUNT:oidc-provider/ISSUER, the
	// issuer without https://.
	ARN string
	// Issuer is the URL as in a token's claim iss.
	Issuer string
	// ClientIDs are the audiences that a token may be for.
	ClientIDs []string
	// JWKSFile or JWKSURL is where the issuer's keys are; if both are empty, what
	// ISSUER/.well-known/openid-configuration says.
	JWKSFile, JWKSURL string
	// CAFile has the authorities that the issuer's certificate is verified by; empty
	// means the system's.
	CAFile string
	// BearerTokenFile has a token to send along when the keys are fetched, as a
	// cluster's API server may want one.
	BearerTokenFile string
	// Thumbprints are SHA-1 sums, in hex, of certificates that may vouch for the issuer's
	// where no authority of the system's does and there is no CAFile.
	Thumbprints []string
	// Created is when it was; of a provider of the identity file, when that was read.
	Created time.Time
	// Tags are not to be changed.
	Tags map[string]string

	made bool // by CreateProvider, not by the identity file
}

// member is a user or a role with what it may do.
type member struct {
	principal Principal // of a user
	role      Role      // of a role
	isRole    bool
	name      string
	arn       string
	grants    []grant
	created   time.Time // of a user
	made      bool      // by CreateUser or CreateRole, not by the identity file
}

// grant is a policy that a member has: attached, with an ARN, or inline.
type grant struct {
	name   string
	arn    string
	policy *Policy
}

// account is one with what the identity file says of it.
type account struct {
	id       string
	users    map[string]*member // by name
	roles    map[string]*member
	policies map[string]*Policy // its own managed ones, by ARN
}

// accessKey is a long-lived key of a user or of the root.
type accessKey struct {
	key     sigv4.Key
	user    string // empty: the root
	status  KeyStatus
	created time.Time
}

// snapshot is everything but the sessions.
type snapshot struct {
	accounts  map[string]*account
	keys      map[string]*accessKey
	members   map[string]*member // by ARN
	providers map[string]Provider
}

func newAccount(id string) *account {
	return &account{
		id: id, users: make(map[string]*member), roles: make(map[string]*member), policies: make(map[string]*Policy),
	}
}

// uniqueID makes an id as IAM gives it, AIDA... or AROA.... It is derived from the ARN,
// so that it is the same after a reload and a restart.
func uniqueID(prefix, arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// newUniqueID makes an id for who is made at run time: another one each time, so that a
// role that was deleted and made again is another role, as on AWS [D IAM identifiers].
func newUniqueID(prefix string) string {
	return prefix + base32.StdEncoding.EncodeToString(random(11))[:17]
}

// newKeyID makes the id of an access key: AKIA... or ASIA..., twenty characters.
func newKeyID(prefix string) string {
	return prefix + base32.StdEncoding.EncodeToString(random(10))
}

// newSecret makes a secret of forty characters.
func newSecret() string { return base64.StdEncoding.EncodeToString(random(30)) }

// newToken makes a session token. As AWS's own it is opaque and has +, / and =, which
// clients must not mangle.
func newToken() string { return base64.StdEncoding.EncodeToString(random(256)) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program first
	return b
}
