package main

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Of too many connections the one goes that has been unanswered the longest,
// not the one that came first.
func TestLimitedConnections(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := limited(inner, 2)
	defer l.Close()
	type pair struct{ client, server net.Conn }
	open := func() pair {
		client, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		server, err := l.Accept()
		require.NoError(t, err)
		return pair{client, server}
	}
	ended := func(p pair) bool {
		for {
			require.NoError(t, p.client.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
			_, err := p.client.Read(make([]byte, 99))
			if late, is := err.(net.Error); err != nil {
				return !is || !late.Timeout()
			}
		}
	}
	first, silent := open(), open()
	_, err = first.server.Write([]byte("answered"))
	require.NoError(t, err)
	third := open()
	require.False(t, ended(first))
	require.True(t, ended(silent))
	require.NoError(t, third.server.Close())
	fourth := open()
	require.False(t, ended(first), "there was room")
	_ = silent.server.Close() // as a server does that finds out
	keepConnection(withConnection(t.Context(), first.server))
	fifth := open()
	require.False(t, ended(first), "it waits for an answer")
	require.True(t, ended(fourth))
	_, err = first.server.Write([]byte("answered"))
	require.NoError(t, err)
	open()
	require.True(t, ended(fifth))
	open()
	require.True(t, ended(first), "it has its answer")
}
