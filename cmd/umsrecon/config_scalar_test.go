package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// China's time is known without a zone database, and as one has it.
func TestTimeZoneOfChina(t *testing.T) {
	for _, name := range ofChina {
		zone, err := parseLocation(name)
		require.NoError(t, err)
		require.Equal(t, name, zone.String())
		database, err := time.LoadLocation(name)
		if err != nil {
			t.Skip("there is no zone database here to compare with")
		}
		for at := time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2040; at = at.Add(25 * time.Hour) {
			require.Equal(t, at.In(database).Format(time.RFC3339), at.In(zone).Format(time.RFC3339))
		}
	}
}

func TestTimeZones(t *testing.T) {
	for name, ok := range map[string]bool{
		"Asia/Shanghai": true, "PRC": true, "UTC": true, "Asia/Urumqi": true,
		"": false, "Local": false, "local": false, "Asia/Nowhere": false, "../etc/passwd": false,
	} {
		_, err := parseLocation(name)
		require.Equal(t, ok, err == nil, name)
	}
}
