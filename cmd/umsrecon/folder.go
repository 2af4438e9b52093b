package main

import (
	"fmt"
	"regexp"
	"strings"
)

// A merchant's workbooks lie in a folder that is named by its mid. The mid may
// come out of a ledger, so that it is trusted with nothing: digits and capital
// letters stand for themselves, every other byte is written _xx. Two mids never
// share a folder, not even where A and a are one name.

var plainMID = regexp.MustCompile(`^[0-9A-Z]$`)

// deviceName is what Windows takes for a device, whatever the folder.
var deviceName = regexp.MustCompile(`^(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])$`)

// maxFolder keeps a folder's name, and the workbook's behind it, within what
// file systems take.
const maxFolder = 96

// folderOf is the folder of a merchant; false: no name can be made of the mid.
func folderOf(mid string) (name string, ok bool) {
	var b strings.Builder
	for i := range len(mid) {
		if c := mid[i : i+1]; plainMID.MatchString(c) && !(i == 0 && deviceName.MatchString(mid)) {
			b.WriteString(c)
		} else {
			fmt.Fprintf(&b, "_%02x", mid[i])
		}
	}
	return b.String(), b.Len() > 0 && b.Len() <= maxFolder
}

var escapedByte = regexp.MustCompile(`_[0-9a-f]{2}`)

// midOf is the merchant whose folder has this name; false: nobody's has.
func midOf(folder string) (mid string, ok bool) {
	mid = escapedByte.ReplaceAllStringFunc(folder, func(hex string) string {
		var c byte
		_, _ = fmt.Sscanf(hex, "_%02x", &c)
		return string([]byte{c})
	})
	name, ok := folderOf(mid)
	return mid, ok && name == folder
}

// served says whose workbooks are written: the merchants listed, or all that the
// ledger names where one merchant's credentials serve them.
func (c *Config) served() func(mid string) bool {
	listed := map[string]bool{}
	for _, m := range c.Listed {
		listed[m.MID] = true
	}
	return func(mid string) bool { return mid != "" && (len(listed) == 0 || listed[mid]) }
}
