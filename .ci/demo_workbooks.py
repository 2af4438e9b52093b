"""Opens the demo's workbooks with openpyxl and checks them on their own terms:
the sheets are there, no cell is an error, and the detail adds up to the total."""
import glob
import sys
from decimal import Decimal

import openpyxl

SHEETS = {
    "discrepancies": ["对账汇总", "对账差异表", "等待与未核实", "台账问题", "说明"],
    "settlement": ["结算汇总", "结算明细"],
}


def yuan(value):
    return Decimal(str(value)).quantize(Decimal("0.01"))


def column(sheet, heading):
    for row in sheet.iter_rows(max_row=8):
        for cell in row:
            if cell.value == heading:
                return cell.row, cell.column
    raise SystemExit(f"{sheet.title}: no column {heading}")


def check(path):
    book = openpyxl.load_workbook(path, data_only=True)
    kind = path.rsplit("/", 1)[1].split("-")[0]
    missing = [name for name in SHEETS[kind] if name not in book.sheetnames]
    if missing:
        raise SystemExit(f"{path}: sheets {missing} are missing, there are {book.sheetnames}")
    cells = 0
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                cells += cell.value is not None
                if cell.data_type == "e":
                    raise SystemExit(f"{path}: {sheet.title}!{cell.coordinate} is {cell.value}")
    if kind == "discrepancies":
        gaps(book["对账差异表"], path)
    print(f"openpyxl read {path.rsplit('/', 1)[1]}: {len(book.sheetnames)} sheets, {cells} cells")


def gaps(sheet, path):
    """The differences of the list add up to the total of each kind, to the fen."""
    head, case = column(sheet, "差异编号")
    _, kind = column(sheet, "类型")
    _, gap = column(sheet, "差额（渠道−台账）")
    found, totals = {}, {}
    for row in range(head + 1, sheet.max_row + 1):
        name = str(sheet.cell(row, case).value or "")
        value = yuan(sheet.cell(row, gap).value or 0)
        if name.startswith("D"):
            of = sheet.cell(row, kind).value
            found[of] = found.get(of, Decimal(0)) + value
        elif name.startswith("合计："):
            totals[name.removeprefix("合计：")] = value
    if not totals:
        raise SystemExit(f"{path}: the list of differences has no totals")
    for of, total in totals.items():
        if found.get(of, Decimal(0)) != total:
            raise SystemExit(f"{path}: {of} adds up to {found.get(of)}, the total says {total}")


if __name__ == "__main__":
    books = sorted(glob.glob(sys.argv[1] + "/*.xlsx"))
    if len(books) < 3:
        raise SystemExit(f"expected the workbooks of two nights, found {books}")
    for name in books:
        check(name)
