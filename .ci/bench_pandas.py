"""The work of `again` by pandas: both files read, joined on the bill, and the
rows that differ written to a workbook. Ids and amounts stay the texts they are.
Usage: bench_pandas.py LEDGER.csv BILLS.csv OUT.xlsx; prints how many differ."""
import sys

import pandas

ledger, bills = (pandas.read_csv(path, dtype=str) for path in sys.argv[1:3])
both = ledger.merge(bills, on=["bill_date", "bill_no"], how="left", suffixes=("", "_ums"))
differ = both[(both["status"] != both["status_ums"]) | (both["total_amount"] != both["total_amount_ums"])]
differ.to_excel(sys.argv[3], index=False)
print(len(differ))
