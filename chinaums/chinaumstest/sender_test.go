package chinaumstest_test

import (
	"bytes"
	"context"
	"errors"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/umsrecon/umsrecon/chinaums"
	"github.com/umsrecon/umsrecon/chinaums/chinaumstest"
)

// inbox is a merchant's receiver that keeps what it was told.
type inbox struct {
	mu  sync.Mutex
	got []chinaums.Received
	err error
}

func (b *inbox) sink(_ context.Context, r chinaums.Received) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, r)
	return b.err
}

func (b *inbox) verified() (n int, digests map[string]bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	digests = map[string]bool{}
	for _, r := range b.got {
		if r.Verified {
			n++
			digests[r.Digest()] = true
		}
	}
	return n, digests
}

func senderTo(t *testing.T, b *inbox) *chinaumstest.Sender {
	t.Helper()
	handler, err := chinaums.NewReceiver(chinaums.ReceiverOptions{
		Path: "/ums/notice", ContractPath: chinaums.NewSecret("/ums/contract/0123456789abcdef"), AllowMD5: true, Sink: b.sink, Now: time.Now,
		Key:         func(string) (chinaums.Secret, bool) { return chinaums.NewSecret("notice-key"), true },
		ReadTimeout: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &chinaumstest.Sender{URL: server.URL + "/ums/notice", Key: chinaums.NewSecret("notice-key"), Repeat: 2, Client: server.Client()}
}

func someNotice() map[string]string {
	return chinaumstest.BillNotice("N1", chinaumstest.Bill{
		Key:        chinaumstest.Key{MID: "m", TID: "00000001", InstMID: "QRPAYDEFAULT", BillNo: "B1", BillDate: "2026-11-19"},
		BillStatus: "PAID", TotalAmount: "1908", BillPayment: &chinaumstest.Flow{Status: "TRADE_SUCCESS", PayTime: "2026-11-19 10:00:00"},
	})
}

// TestEveryNoticeMisbehaviour against the real receiver: what is genuine is
// taken, what is not is not.
func TestEveryNoticeMisbehaviour(t *testing.T) {
	type expectation struct {
		attempts, verified, contents int
		answer                       string
		status                       int
	}
	taken := expectation{1, 1, 1, "SUCCESS", 200}
	want := map[string]expectation{
		"late": taken, "unknown-field": taken, "reordered": taken, "as-json": taken,
		"duplicated": {2, 2, 1, "SUCCESS", 200}, "mutated": {2, 2, 2, "SUCCESS", 200},
		"forged": {2, 0, 0, "FAILED", 200}, "unsigned": {2, 0, 0, "FAILED", 200}, "nameless": {2, 0, 0, "FAILED", 200}, "folded": {2, 0, 0, "FAILED", 200},
		"truncated":   {2, 0, 0, "FAILED", 200},
		"twice-named": {2, 0, 0, "FAILED", 400}, "oversized": {2, 0, 0, "FAILED", 413}, "slow-body": {2, 0, 0, "FAILED", 408},
		"reset-midway": {2, 0, 0, "", 0},
	}
	for _, m := range chinaumstest.NoticeMisbehaviours() {
		t.Run(m.Name, func(t *testing.T) {
			require.NotEmpty(t, m.Sentence)
			expected, listed := want[m.Name]
			require.True(t, listed, "the table does not know it")
			b := &inbox{}
			s := senderTo(t, b)
			require.NoError(t, s.Misbehave(m.Name))
			d, err := s.Send(t.Context(), someNotice())
			require.Equal(t, expected.answer == "", err != nil, err)
			verified, contents := b.verified()
			require.Equal(t, expected, expectation{d.Attempts, verified, len(contents), d.Answer, d.Status})
			require.Equal(t, expected.answer == "SUCCESS", d.Delivered())
		})
	}
	require.Len(t, chinaumstest.NoticeMisbehaviours(), len(want))
	require.ErrorContains(t, (&chinaumstest.Sender{}).Misbehave("none"), "none")
}

// A notice is repeated, with the same id, until it is answered SUCCESS.
func TestSenderRepeats(t *testing.T) {
	b := &inbox{err: errors.New("the disk is full")}
	s := senderTo(t, b)
	pauses := 0
	s.Repeat, s.Pause = 4, func(_ context.Context, n int) {
		pauses++
		if n == 3 {
			b.mu.Lock()
			b.err = nil
			b.mu.Unlock()
		}
	}
	d, err := s.Send(t.Context(), someNotice())
	require.NoError(t, err)
	require.Equal(t, chinaumstest.Delivery{Attempts: 3, Answer: "SUCCESS", Status: 200}, d)
	require.Equal(t, 2, pauses, "it does not wait before the first")
	for _, r := range b.got {
		require.Equal(t, "N1", r.ID)
	}

	late, waited := senderTo(t, &inbox{}), 0
	late.Pause = func(context.Context, int) { waited++ }
	require.NoError(t, late.Misbehave("late"))
	_, err = late.Send(t.Context(), someNotice())
	require.NoError(t, err)
	require.Equal(t, 1, waited)
}

// A context that ends ends the repeats; what was answered SUCCESS stays so.
func TestSenderStops(t *testing.T) {
	b := &inbox{err: errors.New("the disk is full")}
	s := senderTo(t, b)
	ctx, stop := context.WithCancel(t.Context())
	s.Pause = func(context.Context, int) { stop() }
	d, err := s.Send(ctx, someNotice())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, chinaumstest.Delivery{Attempts: 1, Answer: "FAILED", Status: 500}, d)
	_, err = s.SendContract(ctx, []byte("{}"))
	require.ErrorIs(t, err, context.Canceled)
}

// A body that never came to its end is not read for ever.
func TestSlowBodiesEnd(t *testing.T) {
	s := senderTo(t, &inbox{})
	require.NoError(t, s.Misbehave("slow-body"))
	_, err := s.Send(t.Context(), someNotice())
	require.NoError(t, err)
	s.Client.CloseIdleConnections()
	require.Eventually(t, func() bool {
		var stacks bytes.Buffer
		require.NoError(t, pprof.Lookup("goroutine").WriteTo(&stacks, 1))
		return !strings.Contains(stacks.String(), "halfBody")
	}, 10*time.Second, 5*time.Millisecond)
}

func TestSenderOfContracts(t *testing.T) {
	b := &inbox{}
	s := senderTo(t, b)
	body := chinaumstest.ContractNotice("C1", "m", "A1", true, time.Now())
	d, err := s.SendContract(t.Context(), body)
	require.NoError(t, err)
	require.False(t, d.Delivered(), "not on the open path")
	s.URL = s.URL[:len(s.URL)-len("/ums/notice")] + "/ums/contract/0123456789abcdef"
	d, err = s.SendContract(t.Context(), body)
	require.NoError(t, err)
	require.True(t, d.Delivered())
	require.Equal(t, "A1", b.got[len(b.got)-1].Contract.AuthorizationCode)
}
