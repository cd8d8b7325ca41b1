#!/bin/bash
# A committed generation is all that is needed: after the run the inputs are moved away, and the customer, the source record behind every
# figure and a measure that nobody has asked for before come from the generation alone. The expected figures are worked out here, from
# the files that were moved. First over the small sample; then, where the shared bench folder is, after tests/bench/crmx-job.
# Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
ROOT=$PWD
SHARED=${CRMX_SHARED:-$PWD/../shared}

# measure WHAT EXPECTED: the sum of a new account-level measure over all customers.
measure() {
    crmx measure compute "$1" --json
    check "measure compute $1" test "$(jq -r '.measures[0].sum' "$W/out")" = "$2"
}

# without_rejects FILE REJECTS NAME: the lines of a file that REJECTS (file, line, …) does not list.
without_rejects() {
    LC_ALL=C awk -v name="$3" 'NR == FNR { if ($1 == name) bad[$2 + 0] = 1; next } !(FNR in bad)' "$2" "$1"
}

# --- the small sample ---

CRMX_TEMPLATE=$ROOT/config/template crmx init "$W/work" --quiet
cp "$ROOT/samples/small/inbox"/* "$W/work/inbox/11/"
cd "$W/work" || exit 16
ok "run initial" run initial --unit 11 --date 2026-10-31 --quiet --no-follow --set database.mode=none
rm -r inbox
AWAY=$ROOT/samples/small/inbox
REJECTS=$ROOT/samples/small/expected/REJECT # of the oracle

# The customer: every account that a company's source numbers have in the file (offsets: layouts/corporate_deposit_account.ini).
tr '\t' ' ' <"$REJECTS" >"$W/rejects"
read -r source < <(without_rejects "$AWAY/CDPCUST.20261031" "$W/rejects" CDPCUST.20261031 | LC_ALL=C cut -b 1-12)
crmx customer show --system corporate_deposit --source-no "$source" --unmask --json
jq -r '.records[] | select(.system == "corporate_deposit") | .source_no' "$W/out" >"$W/sources"
without_rejects "$AWAY/CDPACCT.20261031" "$W/rejects" CDPACCT.20261031 |
    LC_ALL=C awk -v sources="$W/sources" 'BEGIN { while ((getline s < sources) > 0) known[s] = 1 } substr($0, 27, 12) in known { print substr($0, 1, 22) }' >"$W/accounts"
check "customer show: the accounts of company $source" diff "$W/accounts" <(jq -r '.corporate_deposit_account[].account' "$W/out")
check "and it has some" test -s "$W/accounts"

# Source records, bytes and all: plain, gzip, without line ends.
account=$(sed -n 3p "$AWAY/LONACCT.20261031" | cut -b 1-20)
json '.[0].record.file == "LONACCT.20261031" and .[0].record.line == 3' source show loan "$account" --account
crmx source show loan "$account" --account --unmask --json
check "source show: the record as it was sent" test "$(jq -r '.[0].record.bytes' "$W/out")" = "$(sed -n 3p "$AWAY/LONACCT.20261031")"
card=$(zcat "$AWAY/CRDCUST.20261031.gz" | LC_ALL=C awk 'NR == 2 { print substr($0, 1, 16) }')
crmx source show card "${card%% *}" --unmask --json
check "source show: out of a packed file" test "$(jq -r '.[0].record.file' "$W/out")" = CRDCUST.20261031.gz

# A new measure: overdue loans in yuan, balance times months; decoded here with its overpunched sign.
expected=$(without_rejects "$AWAY/LONACCT.20261031" "$W/rejects" LONACCT.20261031 | LC_ALL=C awk '
    function zoned(s,   last, sign) {
        last = substr(s, length(s)); sign = 1
        if ((i = index("{ABCDEFGHI", last))) last = i - 1
        else if ((i = index("}JKLMNOPQR", last))) { last = i - 1; sign = -1 }
        return sign * (substr(s, 1, length(s) - 1) * 10 + last)
    }
    substr($0, 31, 3) == "CNY" && substr($0, 65, 3) + 0 > 0 { sum += zoned(substr($0, 34, 14)) * substr($0, 48, 3) }
    END { printf "%.2f", sum / 100 }')
measure "sum(loan where currency = 'CNY' and overdue_periods > 0, balance * term)" "$expected"
measure "count(loan)" "$(grep -c . <(without_rejects "$AWAY/LONACCT.20261031" "$W/rejects" LONACCT.20261031))"
json '.measures[0].sum == .measures[1].sum' measure compute "measure a money = sum(loan, cny(balance)); measure b money = sum(loan_account, cny(balance));"
ok "measure verify: those of the formula come out as they were" measure verify
ok "generation verify" generation verify
check "nobody made an inbox again" test ! -e inbox

# --- the bench job ---

cd "$W" || exit 16
if [ ! -f "$SHARED/bench/gen.c" ]; then
    echo "not there: $SHARED/bench (CRMX_SHARED=DIR names the folder of larger data sets): the bench job is left out"
    checks_end
    exit
fi
gcc -O2 -ffp-contract=off -w -o "$W/gen" "$SHARED/bench/gen.c" -lm
mkdir "$W/data" && "$W/gen" "$W/data" 0.01 >/dev/null
CRMX=$CRMX "$ROOT/tests/bench/crmx-job" "$W/data" "$W/out.job" 100000000 >"$W/out" 2>"$W/err"
RC=$?
check "crmx-job" checks_succeeded "crmx-job"
mv "$W/data" "$W/away" && cd "$W/out.job/.crmx" && rm -rf inbox || exit 16

read -r source < <(LC_ALL=C awk '{ n[substr($0, 23, 12)]++ } END { for (s in n) if (n[s] > 2) { print s; exit } }' <(without_rejects "$W/away/RTLACCT" "$W/out.job/REJECT" RTLACCT | LC_ALL=C sort))
LC_ALL=C awk -v s="$source" 'substr($0, 23, 12) == s { print substr($0, 1, 22) }' <(without_rejects "$W/away/RTLACCT" "$W/out.job/REJECT" RTLACCT) | sed 's/ *$//' | sort >"$W/accounts"
crmx customer show --system retail --source-no "$source" --unmask --json
check "customer show: the accounts of $source" diff "$W/accounts" <(jq -r '.retail_account[].account' "$W/out" | sort)
line=$(LC_ALL=C grep -an "^$source" "$W/away/RTLCUST" | head -1)
crmx source show retail "$source" --unmask --json
check "source show: line" test "$(jq '.[0].record.line' "$W/out")" = "${line%%:*}"
check "source show: bytes" test "$(jq -r '.[0].record.bytes' "$W/out")" = "${line#*:}"
account=$(head -1 "$W/accounts")
crmx source show retail "$account" --account --unmask --json
check "source show: an account" test "$(jq -r '.[0].record.bytes' "$W/out")" = "$(LC_ALL=C grep -a "^$account" "$W/away/RTLACCT" | head -1)"

# Fixed deposits in yuan of more than two years, balance times months, of everybody who is a customer of retail.
without_rejects "$W/away/RTLCUST" "$W/out.job/REJECT" RTLCUST | LC_ALL=C cut -b 1-12 >"$W/sources"
expected=$(LC_ALL=C awk 'NR == FNR { known[$0] = 1; next } substr($0, 23, 12) in known && substr($0, 35, 1) == "F" && substr($0, 36, 3) == "CNY" && substr($0, 56, 3) + 0 > 24 {
        sum += (substr($0, 39, 1) == "-" ? -1 : 1) * substr($0, 40, 16) * substr($0, 56, 3) }
    END { printf "%.2f", sum / 100 }' "$W/sources" <(without_rejects "$W/away/RTLACCT" "$W/out.job/REJECT" RTLACCT))
measure "sum(retail where kind = 'F' and currency = 'CNY' and term > 24, balance * term)" "$expected"
ok "measure verify" measure verify
checks_end
