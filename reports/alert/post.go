package alert

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

const (
	requestTimeout = 10 * time.Second
	longestAnswer  = 64 << 10
)

// newClient follows no redirect: what is sent is for the one address only.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends JSON; without a body it gets. The errors of net/http hold the URL,
// so none of them goes further than here.
func post(ctx context.Context, client *http.Client, target string, body []byte) (status int, answer []byte, err error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, errors.New("the URL is not one")
	}
	request.Header.Set("User-Agent", "umsrecon")
	if body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, told(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return 0, nil, told(err)
	}
	return response.StatusCode, answer, nil
}

// told is what can be said of an error of net/http without its words.
func told(err error) error {
	var lookup *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted")
	case errors.As(err, &lookup):
		return errors.New("the name of its host cannot be looked up")
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return errors.New("its certificate is not to be trusted")
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused")
	}
	return errors.New("no connection")
}
