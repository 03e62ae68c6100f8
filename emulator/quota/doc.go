// Package quota holds AMP's quotas: their names, codes and defaults, the values
// in force, and the token buckets of those that are rates.
//
// A value applies to every workspace by itself (to the account, where the
// quota's description says so) and can be changed while the emulator runs. What
// is said to a client that hits a quota is up to the package that judges it.
package quota
