#!/usr/bin/env python3
"""expected.py DATA/ASCII OUT: what the output files of tests/carddemo/config must hold, worked out record by record from the sample's
own description, sharing nothing with crmx but the description of the output files (config/outputs)."""
import sys
from pathlib import Path

SIGNS = {**{c: (1, i) for i, c in enumerate("{ABCDEFGHI")}, **{c: (-1, i) for i, c in enumerate("}JKLMNOPQR")}}


def zoned(text):
    sign, last = SIGNS[text[-1]]
    return sign * (int(text[:-1]) * 10 + last)


def money(cents, width=15):
    return ("-" if cents < 0 else "+") + str(abs(cents)).zfill(width - 1)


def day(text):
    return text.replace("-", "")


def lines(folder, name):
    return [line for line in (folder / name).read_text(encoding="ascii").split("\n") if line]


def main(source, out):
    source, out = Path(source), Path(out)
    owner_of_account, owner_of_card = {}, {}
    for r in lines(source, "cardxref.txt"):
        owner_of_card[r[:16]] = owner_of_account[r[25:36]] = r[16:25]
    customers = lines(source, "custdata.txt")
    # Nobody is here twice: the integrated numbers go by the order of the file.
    number = {r[:9]: "01%08d" % (i + 1) for i, r in enumerate(customers)}
    rows = {"CRMCUST": [], "CRMACCT": [], "CRMCARD": []}
    balance, limit, cards = dict.fromkeys(number, 0), dict.fromkeys(number, 0), dict.fromkeys(number, 0)
    accounts, plastic = lines(source, "acctdata.txt"), lines(source, "carddata.txt")
    for r in accounts:
        owner = owner_of_account[r[:11]]
        balance[owner] += zoned(r[12:24])
        limit[owner] += zoned(r[24:36])
        amounts = "".join(money(zoned(r[at:at + 12])) for at in (12, 24, 36))
        rows["CRMACCT"].append(number[owner] + r[:11] + r[11] + amounts + day(r[48:58]) + day(r[58:68]) + r[112:122])
    for r in plastic:
        owner = owner_of_card[r[:16]]
        cards[owner] += r[90] == "Y"
        rows["CRMCARD"].append(number[owner] + r[:16] + r[16:27] + r[30:80] + day(r[80:90]) + r[90])
    for r in customers:
        key = r[:9]
        rows["CRMCUST"].append(number[key] + r[279:288] + r[9:84] + day(r[308:318]) + r[329:332] + key + money(balance[key]) +
                               money(balance[key]) + money(limit[key]) + "%03d" % cards[key])
    for name, found in rows.items():
        found.sort(key=lambda row: row[:10])  # by customer; within one in the order of the file
        (out / name).write_text("".join(row + "\n" for row in found), encoding="ascii")
    print(len(customers), len(accounts), len(plastic), "%.2f" % (sum(balance.values()) / 100))


main(sys.argv[1], sys.argv[2])
