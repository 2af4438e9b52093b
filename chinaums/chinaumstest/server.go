package chinaumstest

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Server is a Gateway that listens.
type Server struct {
	URL  string // a BaseURL for chinaums.Options
	http *http.Server
	done chan struct{}
}

// Listen serves on an address of loopback, such as "127.0.0.1:0" for a free
// port; other addresses are refused.
func (g *Gateway) Listen(addr string) (*Server, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("the simulator listens on loopback alone, not on %q", addr)
	}
	listener, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, err
	}
	s := &Server{
		URL:  "http://" + listener.Addr().String(),
		http: &http.Server{Handler: g, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)},
		done: make(chan struct{}),
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // Close ends it
	}()
	return s, nil
}

// Close stops serving; requests under way are cut off. It may be called twice.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	return err
}
