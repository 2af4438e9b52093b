package chinaums_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// simulator is one with a paid bill, a clock that both sides share, and
// clients of it.
type simulator struct {
	*chinaumstest.Gateway
	url string
	mu  sync.Mutex
	at  time.Time
}

func simulate(t *testing.T, change func(*chinaumstest.Config)) *simulator {
	t.Helper()
	s := &simulator{at: night}
	config := chinaumstest.Config{
		Keys: map[string]chinaums.Secret{appID: chinaums.NewSecret(secret)}, Now: s.now,
		Sleep: func(ctx context.Context, _ time.Duration) { <-ctx.Done() },
	}
	if change != nil {
		change(&config)
	}
	s.Gateway = chinaumstest.New(config)
	s.Put(simulatedBill())
	server, err := s.Listen("127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	s.url = server.URL
	return s
}

func simulatedBill() chinaumstest.Bill {
	return chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: query.MID, TID: query.TID, InstMID: query.InstMID, BillNo: query.BillNo, BillDate: "2026-11-19"},
		BillStatus: "PAID", TotalAmount: "1908", AuthIDRespCd: "987275",
		BillPayment: &chinaumstest.Flow{TotalAmount: "1908", PayTime: "2026-11-19 12:00:00", Status: "TRADE_SUCCESS", BuyerID: "marked-buyer"},
	}
}

func (s *simulator) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *simulator) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

func (s *simulator) client(t *testing.T, change func(*chinaums.Options)) *chinaums.Client {
	t.Helper()
	o := testOptions(s.url)
	o.Now = s.now
	if change != nil {
		change(&o)
	}
	return newClient(t, o)
}
