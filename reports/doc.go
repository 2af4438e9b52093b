// Package reports writes the two workbooks that finance works with: the
// discrepancies of a ledger day (对账差异) and a settlement (结算).
//
// A workbook appears whole or not at all: it is written beside its place,
// synced and renamed. Call Writable before the night begins, Place to choose
// the file name (a workbook that somebody has edited is never overwritten),
// then Discrepancies or Settlement, then Fingerprint to remember what was
// written. The same input gives the same bytes. ReadFilled reads back what
// people have filled in. Page is the summary as one HTML page, DiscrepanciesCSV
// and SettlementCSV are the tables as CSV files.
package reports
