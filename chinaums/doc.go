// Package chinaums speaks to the open platform of ChinaUMS (银联商务).
//
// New makes a Client for one AppId; QueryBill asks about one bill. The client
// signs each attempt anew, or shows an access token that it fetches and shares,
// retries what is worth retrying, holds the rate limit and the request budget
// it was given, and turns everything that can go wrong into an *Error that
// matches one of the sentinels in errors.go.
//
// CompletePreauth and SyncPayScore change something. They send one request and
// never retry: done, surely not done, or ErrUnsure is for the caller to tell
// apart and to settle.
//
// The package is a leaf: it knows the platform's words and nothing of what
// they mean to a merchant. It has no clock, no environment and no logger of its
// own. Secrets and the buyer's personal fields are of type Secret, which no
// format prints; bodies that are kept go through Mask first.
//
// The signing functions are exported so that the simulator in chinaumstest
// and the tests sign with the same code as the client.
package chinaums
