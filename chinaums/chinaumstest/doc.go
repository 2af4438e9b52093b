// Package chinaumstest is a simulator of the ChinaUMS open platform, as
// net/http/httptest is one of a web server. It checks requests at least as
// strictly as the interface page asks, answers from the bills it was given,
// and misbehaves by name when told to. It serves bills/query, bills/preauthed,
// order/sync and access tokens, and counts what it has done: Completed, Synced,
// Tokens.
//
//	g := chinaumstest.New(chinaumstest.Config{Keys: keys, Now: now})
//	g.Put(chinaumstest.Bill{…})
//	server, err := g.Listen("127.0.0.1:0") // server.URL is a BaseURL
//	err = g.Misbehave(chinaumstest.Fault{Name: "http-503", First: 1})
//
// Without a Fault it never misbehaves, and nothing is random: a Fault with a
// Probability strikes the same requests for the same seed, whatever the order
// in which they come. It is for tests, the demo and `umsrecon simulate`; it
// listens on loopback alone.
package chinaumstest
