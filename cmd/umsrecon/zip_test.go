package main

import (
	"archive/zip"
	"io"
	"strings"
)

// zipHolds says whether a part of a workbook holds a text.
func zipHolds(path, text string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer z.Close()
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			return false
		}
		data, _ := io.ReadAll(r)
		r.Close()
		if strings.Contains(string(data), text) {
			return true
		}
	}
	return false
}
