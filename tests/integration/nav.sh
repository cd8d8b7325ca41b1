#!/bin/bash
# Net asset values and interest rates as a user meets them: a fund account that did not move is worth what tonight's NAV
# says, to the fen, in population, output and tie-out; who enters by a NAV alone is counted; a fund without a NAV; a NAV
# too old; a NAV that jumps; statements in shares; accounts without an interest rate.
. "$(dirname "$0")/nights.sh"
current() { echo "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")"; }
total() { awk -F'\t' -v name="$1" '$2 == name {print $4 $5}' "$(current)/totals.tsv"; }
night() { exits "$1" run daily --unit 11 --date "$2" --no-follow; }
again() { exits "$1" run daily --unit 11 --date "$2" --no-follow --redo --reason "$3"; }
# What every fund account of an unload is worth at a day's NAV, computed here: "ACCOUNT VALUE NAV DATE" and their sum.
values() { # UNLOAD
    python3 - "$1" <<'PY'
import glob, sys
navs = {r[:6].decode(): (int(r[6:18]), r[21:29].decode()) for r in open(glob.glob(sys.argv[1] + '/NAV.????????')[0], 'rb').read().splitlines()}
total = 0
for r in open(glob.glob(sys.argv[1] + '/FNDACCT.????????')[0], 'rb').read().splitlines():
    nav, day = navs[r[32:38].decode()]
    exact = int(r[38:55]) * nav
    fen = (abs(exact) + 5000) // 10000 * (1 if exact >= 0 else -1)
    total += fen
    print(r[:20].decode().strip(), '%+018d' % fen, '%09d' % nav, day)
print('total', total)
PY
}

"$generate" "$bank" --from 2028-02-25 --days 7 --customers 80 --seed 3 --events entry_by_nav,account_active --unload-at 2028-02-29 >"$scratch/events" || exit 1
check "somebody is planned to enter by a NAV" grep -qE '^entry_by_nav +[1-9]' "$scratch/events"
"$crmx" init "$work" --quiet
small_bank "$work"
sed -i 's/^selected = off/selected = off\nbreaks = off/' "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-25/unload" "$work/inbox/11"
check "the layouts fit" exits 0 layout check
run preflight --unit 11 --date 2028-02-25
check "preflight: funds" out_has "6 funds with a net asset value"
check "preflight: interest" out_has "12 interest rates"
check "initial" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
check "kept" test "$(wc -l <"$(current)/nav.tsv")" = 7
check "kept: interest" test "$(wc -l <"$(current)/interest.tsv")" = 13
check "part of the generation" grep -q 'nav.tsv' "$(current)/MANIFEST"
for d in 2028-02-26 2028-02-27 2028-02-28 2028-02-29; do give $d; done
check "nights" exits 0 run daily --unit 11 --date 2028-02-26 --through 2028-02-29 --no-follow
check "closed days carry" grep -q 'generation 2028-02-26' "$unit"/gen/2028-02-27.*/nav.tsv

# --- to the fen ---

values "$bank/2028-02-29/unload" >"$scratch/values"
counted=$(total fund_account.balance.counted | tr -d .) waiting=$(total fund_account.balance.orphans | tr -d .)
counted=$((counted + ${waiting:-0}))
check "population = shares × NAV of the day" test "$(awk '/^total/ {print $2}' "$scratch/values")" = "$counted"
check "accounts that did not move were revalued" test "$(total fund_account.revalued)" -gt 10
check "it is said in money" test -n "$(total fund_account.balance.revalued)"
check "opening, revalued, closing tie out" grep -q 'fund_account.balance: yesterday.*+ revalued.*yes$' "$(current)/tieout.tsv"
check "so does the ledger, in shares" grep -q 'fund_account.shares: yesterday.*yes$' "$(current)/tieout.tsv"
check "who entered by a NAV alone is counted" test "$(total selected.entered_by_nav)" -ge 1
# number 10, system 1, source_no 16, account 22, fund 6, shares 18, nav 10 (signed), nav_date 8, balance 18
awk '{print substr($0, 28, 22) "|" substr($0, 92, 18) "|" substr($0, 74, 10) "|" substr($0, 84, 8)}' "$(current)/out/CRMINV" | tr -d ' ' | sort >"$scratch/sent"
awk '$1 != "total" {print $1 "|" $2 "|+" $3 "|" $4}' "$scratch/values" | sort >"$scratch/expected"
check "something is delivered" test "$(wc -l <"$scratch/sent")" -gt 3
check "what is delivered is the same" test -z "$(comm -23 "$scratch/sent" "$scratch/expected")"
check "reconcile shows them" exits 0 reconcile --unit 11
check "reconcile: NAV" out_has "NET ASSET VALUES"
check "reconcile: of which day" out_has "2028-02-28"
check "reconcile: interest" out_has "INTEREST"
check "verify" exits 0 generation verify --unit 11
cp "$(current)/nav.tsv" "$scratch/nav.tsv" && chmod u+w "$(current)/nav.tsv" && sed -i 's/110011\t2/110011\t3/' "$(current)/nav.tsv"
check "a NAV that somebody touched is found" exits 12 generation verify --unit 11
cp "$scratch/nav.tsv" "$(current)/nav.tsv"

# --- the month end: shares, and what they are worth ---

check "month end" exits 0 run monthend --unit 11 --date 2028-02-29 --no-follow
month=$(echo "$unit"/month/2028-02-29.*/out)
check "the statements say what shares are worth" grep -q '单位净值' "$month/STATEMENT"
check "their totals have a line of it" grep -q '基金市值' "$month/STATEMENT"
check "the values are those of the population" grep -q "fund_account: values = CRM customers' rows of the population.*yes$" "$month/tieout.tsv"
check "movements are shares" grep -q ',fund,.*,\(申购\|赎回\|posting\)' "$month/STATEMENT.CSV"

# --- a fund without a NAV ---

give 2028-03-01
file=$work/inbox/11/FNDACCTCHG.20280301
python3 - "$file" "$bank/2028-02-29/unload/FNDACCT.20280229" <<'PY'
import sys
good = open(sys.argv[2], 'rb').read().split(b'\r\n')[0]
with open(sys.argv[1], 'ab') as out:
    out.write(b'F9999' + good[5:32] + b'999999' + good[38:] + b'N\r\n')
    out.write(b'F9998' + good[5:32] + b'510300' + good[38:] + b'N\r\n')
PY
run probe "$file" --layout fund_account_change --unit 11 --date 2028-03-01
check "probe says why" out_has "is no fund with a net asset value"
sed -i 's/^reject_limit .*/reject_limit = 100%/' "$work/layouts/fund_account_change.ini"
check "the night goes on without them" night 0 2028-03-01
check "both are rejected: no NAV, and one in another currency" test "$(grep -c 'FUND' "$(current)/rejects.tsv")" = 2

# --- a NAV too old ---

sed -i 's/^carry_days = 12/carry_days = 2/' "$work/units/11.ini"
give 2028-03-02
sed -i '/^519066/d' "$work/inbox/11/NAV.20280302"
check "missing for a day: carried" night 0 2028-03-02
check "carried: said so" err_has "no net asset value today for 1 funds"
check "carried: shown" exits 0 reconcile --unit 11
check "carried: marked" out_has "carried"
give 2028-03-03
sed -i '/^519066/d' "$work/inbox/11/NAV.20280303"
check "held and too old: the run stops" night 12 2028-03-03
check "too old: which fund, of which day" err_has "hold the fund 519066, whose latest net asset value is of 2028-02-29"
check "too old: what to do" err_has "suspended = 519066 in [nav]"
check "nothing is committed" test "$(basename "$(current)" | cut -c1-10)" = 2028-03-02
sed -i 's/^;suspended .*/suspended = 519066/' "$work/units/11.ini"

# --- a NAV that jumps ---

sed -i 's/^110011....../110011000009/' "$work/inbox/11/NAV.20280303" "$unit"/run/2028-03-03.*/in/NAV.20280303 2>/dev/null
check "a jump holds the run" night 12 2028-03-03
check "the gate is named" err_has "nav.110011"
check "it is decided" exits 0 gate accept all --unit 11 --date 2028-03-03 --reason "split of the fund" --by chen
check "and the night is done" night 0 2028-03-03
check "the suspended fund keeps its value" grep -q '^519066.*2028-02-29' "$(current)/nav.tsv"

# --- accounts without an interest rate count 0, and are counted ---

rm -rf "$work/state" "$work/inbox/11"
cp -r "$bank/2028-02-25/unload" "$work/inbox/11"
sed -i "s/^measure 账户数 .*/&\nmeasure 定期利息 as fixed_interest money = sum(retail where kind = 'F' and status <> 'C', cny(balance) * interest(term));/" "$work/formulas/personal.formula"
sed -i -E '/^12 +CNY/d; s/^(6 +CNY)[0-9]{8}/\100000000/' "$work"/inbox/11/INTEREST.*
check "a night with interest()" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
check "it warns" err_has "accounts have no interest rate and count 0 in it"
run measure compute "count(retail where kind = 'F' and status <> 'C' and interest(term) = 0)" --customers personal --json
zero=$(jq -r '.measures[0].sum' "$scratch/out")
run measure compute "count(retail where kind = 'F' and status <> 'C' and term = 6 and currency = 'CNY')" --customers personal --json
six=$(jq -r '.measures[0].sum' "$scratch/out")
check "accounts of a rate of 0 are among those" [ "$six" -gt 0 ]
check "they have a rate: the others are counted" [ "$(total without_rate.personal.fixed_interest)" = $((zero - six)) ]
check "somebody has none" [ "$zero" -gt "$six" ]
check "reconcile shows them" exits 0 reconcile --unit 11
check "reconcile: where" out_has "WITHOUT AN INTEREST RATE"

# --- what a layout may not say ---

sed -i '/^ledger/d' "$work/layouts/fund_transaction.ini"
check "movements do not lead to a value" exits 16 layout check
check "the hint is the ledger" err_has "ledger = shares"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
