package main

import (
	"container/list"
	"context"
	"net"
	"sync"
)

// limited keeps at most n connections. One more ends that which has gone the
// longest without an answer, so that whoever holds connections open and sends
// nothing, or hardly anything, keeps nobody out.
func limited(l net.Listener, n int) net.Listener {
	return &limitedListener{Listener: l, most: n}
}

type limitedListener struct {
	net.Listener
	most int

	mu   sync.Mutex
	busy int       // connections that are not to be ended, as their request has come whole
	open list.List // of *limitedConn: the others, the longest unanswered first
}

func (l *limitedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &limitedConn{Conn: conn, of: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open.Len() > 0 && l.open.Len()+l.busy >= l.most {
		_ = l.open.Front().Value.(*limitedConn).Conn.Close() // the server finds out when it reads
		l.open.Remove(l.open.Front())
	}
	c.place = l.open.PushBack(c)
	return c, nil
}

type limitedConn struct {
	net.Conn
	of    *limitedListener
	place *list.Element // of no list when it is busy, or gone
	busy  bool
}

// Write is an answer.
func (c *limitedConn) Write(p []byte) (int, error) {
	c.of.mu.Lock()
	if c.busy {
		c.busy, c.place = false, c.of.open.PushBack(c)
		c.of.busy--
	}
	c.of.open.MoveToBack(c.place)
	c.of.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *limitedConn) Close() error {
	c.of.mu.Lock()
	if c.busy {
		c.busy = false
		c.of.busy--
	}
	c.of.open.Remove(c.place)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// work keeps the connection until it is answered.
func (c *limitedConn) work() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	before := c.of.open.Len()
	c.of.open.Remove(c.place)
	if c.of.open.Len() < before { // else it was ended already
		c.busy = true
		c.of.busy++
	}
}

type connectionKey struct{}

// withConnection is the ConnContext of a server: it lets a request find its
// connection.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// keepConnection keeps the connection of a request until it is answered.
func keepConnection(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*limitedConn); ok {
		c.work()
	}
}
