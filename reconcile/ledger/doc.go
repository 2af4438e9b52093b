// Package ledger is the left side of a reconciliation: it reads the
// merchant's books (台账) from files and databases and passes them on as
// reconcile.Order. New takes a Source, which says where the files are and
// what the merchant calls things; the Books it returns are a
// reconcile.Ledger. NewStatements does the same for the exports of the merchant
// portal (对账明细), which tell of what UMS settles.
//
// The rule of the package: whatever a file holds, a bad row costs that row
// alone. It is passed on as a reconcile.BadRow with its line, column, reason
// and text, and the rows around it are read as if it were not there. Nothing
// is guessed: a status word that is not mapped, an amount with a sign, a
// number that a spreadsheet has rounded make a row bad. Only what makes every
// row meaningless stops the reading: a column that is not in the header
// (HeaderError), a file that is no text, a file that changes while it is read.
//
// Files are read twice, in flat memory: once for encoding and hash, which
// need every byte, once for the rows.
package ledger
