package outfile

import "os"

// hold is not needed: an open file cannot be removed.
func hold(*os.File) error { return nil }

// ready is a file that may be renamed: an open one may not.
func ready(f *os.File) error { return f.Close() }
