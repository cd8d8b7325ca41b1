#!/bin/bash
# What stands between the files and the commit, as operators meet it: a source-side filter, gates that hold a run and the decision
# on them, over made-up data of one branch. Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
DATE=2026-10-31

night() { crmx run initial --unit 11 --date $DATE --no-follow --quiet "$@"; }
figure() { awk -F'\t' -v n="$1" -v c="$2" '$2 == n && $3 == c { print $4 $5 }' state/units/11/gen/*/totals.tsv; }
new_folder() { # NAME [SECTION]: a working folder with an inbox; it becomes the current folder
    "$CRMX" init "$W/$1" --quiet && "$GENERATE" "$W/$1/inbox/11" --customers 1500 --unit 11 --date $DATE >"$W/out" 2>&1
    cd "$W/$1" || exit 1
    printf '[database]\nmode = none\n' >crmx.ini
    sed -i 's/^take .*/take = copy/' units/11.ini
    sed -i '/^small_sum/d' units/11.ini
    printf '\n%s\n' "$2" >>units/11.ini
}

# --- gates: held, decided, committed ---

new_folder a $'[expected]\nrows.retail_account = 5000\nselected = 1'
night
check "a run beyond its gates commits nothing" [ $RC = 12 ]
check "nothing is current" [ ! -e state/units/11/CURRENT ]
check "says which gates" err_has "2 gates hold the run, nothing is committed: rows.retail_account: expected 5000, found "
check "logs each" err_has "WARNING 11/2026-10-31 090 reconcile: gate selected holds: expected 1, found "
check "hints the decision" err_has "HINT: decide: crmx gate accept all --unit 11 --date $DATE --reason TEXT --by NAME"
crmx status
check "status names the next command" out_has "decide: crmx gate list --unit 11 --date $DATE --held"
crmx gate list --held
check "gate list shows both" [ "$(grep -c ^held "$W/out")" = 2 ]
crmx gate list --json
check "gate list as data" jq -e 'map(select(.verdict == "held") | .gate) == ["rows.retail_account", "selected"]' "$W/out"
crmx gate accept rows.retail_acount --reason x
check "a misspelt gate: 16" [ $RC = 16 ]
check "with the nearest" err_has 'HINT: did you mean "rows.retail_account"?'
crmx gate accept orphans.retail_account --reason x
check "a gate that passed cannot be accepted" err_has "gate orphans.retail_account of $DATE does not hold the run: it is passed"
crmx gate accept selected --reason "  "
check "a decision needs a reason" err_has "a decision needs a reason and a name"
crmx gate accept selected --by wang --reason "first load, checked"
check "one decided, one left" out_has "1 accepted, 1 still holds the run"
check "the decision is in the log" err_has "gate selected accepted by wang: expected 1, found "
night
check "still held by the other" [ $RC = 12 ]
check "only by the other" err_has "1 gate holds the run, nothing is committed: rows.retail_account"
crmx gate accept all --by li --reason "branch 1105 comes later" --date $DATE --json
check "accepted as data" jq -e '.accepted == 1 and .held == 0' "$W/out"
crmx gate accept all --by li --reason again
check "nothing more to accept: 16" [ $RC = 16 ]
night
check "then the same command commits" [ $RC = 0 ]
check "with the decisions in the generation" grep -q "^selected	1	.*accepted	wang	.*	first load, checked$" state/units/11/gen/*/gates.tsv
crmx reconcile
check "and on the tie-out page" out_has "branch 1105 comes later"
check "which counts them" out_has " judged, 2 accepted by decision"
crmx gate list
check "gate list afterwards" out_has "li: branch 1105 comes later"
rows=$(figure read.retail_account "")

# --- figures as expected: nothing to decide; a figure per currency ---

sum=$(figure retail_account.balance.accepted USD)
new_folder b "[expected]
rows.retail_account = $rows
sums.retail_account.balance.usd = $sum"
night
check "expected figures that are met" [ $RC = 0 ]
check "are in the generation" grep -q "^sums.retail_account.balance.USD	$sum	$sum	0%	" state/units/11/gen/*/gates.tsv
crmx gate accept all --reason x
check "nothing holds it" err_has "no gate of unit 11 holds the run of $DATE"
crmx gate list --date 2026-10-30
check "no night, no gates" err_has "no gate of unit 11 was judged for 2026-10-30"

# --- the source-side filter ---

all=$(figure retail_account.accepted "") money=$(figure retail_account.balance.accepted CNY)
new_folder c $'[filter]\nretail_account = balance < 50000.00 and currency = CNY\nfund = units below 100 (by the fund company)'
night
check "a run with a filter" [ $RC = 0 ]
check "accepted + filtered = all" [ $(($(figure retail_account.accepted "") + $(awk -F'\t' '$2 ~ /^RTLACCT.*\.filtered$/ { n += $4 } END { print n }' state/units/11/gen/*/totals.tsv))) = "$all" ]
fen() { tr -d . <<<"$1"; }
check "the same of the money" [ $(($(fen "$(figure retail_account.balance.accepted CNY)") + $(fen "$(figure retail_account.balance.filtered CNY)"))) = "$(fen "$money")" ]
check "another currency is not touched" [ "$(figure retail_account.balance.accepted USD)" = "$sum" ]
crmx reconcile
check "the tie-out says what cannot be delivered" out_has "left out at import: count in no measure, cannot be delivered"
check "and what the sender left out" out_has "left out by the sender: unknown here, cannot be delivered"
crmx layout check --unit 11
check "layout check knows the sections" [ $RC = 0 ]
sed -i 's/^retail_account = balance/retail_account = balanc/' units/11.ini
crmx layout check --unit 11
check "and finds a wrong condition" out_has '[filter] retail_account: layout retail_account has no field "balanc"'

# --- preflight and rehearsal ---

new_folder d
crmx preflight --date $DATE
check "preflight: warnings only" [ $RC = 4 ]
check "every file is there" out_has "all there and complete"
check "no figures to compare with" out_has "first night without expected figures"
printf '[expected]\nselected = 1\n' >>units/11.ini
crmx preflight --date $DATE --json
check "preflight as data, nothing to say" jq -e 'all(.[]; .verdict == "ok")' "$W/out"
check "exit code 0" [ $RC = 0 ]
mv inbox/11/RTLACCT.1101.20261031* "$W/" 2>/dev/null || mv "$(ls -d inbox/11/CRDCUST*)" "$W/"
rm -f inbox/11/CRDACCT*
crmx preflight --date $DATE
check "a missing file: 2" [ $RC = 2 ]
check "by its layout" out_has "card_account: missing"
check "with the next step" err_has "HINT: ask the sender; its files look like "
sed -i 's/^formula.personal .*/formula.personal = persnal/' units/11.ini
crmx preflight --date $DATE
check "a formula that is not there" [ $RC = 8 ]
check "is named" out_has "persnal.formula"

new_folder e
sed -i 's/^take .*/take = rename/' units/11.ini
before=$(cd inbox/11 && sha256sum * | sha256sum)
night --rehearse
check "a rehearsal ends well" [ $RC = 0 ]
check "prints the tie-out" out_has "TIE-OUT"
check "says that nothing was committed" out_has "nothing was committed"
check "leaves no state" [ -z "$(ls -A state)" ]
check "leaves the inbox as it was" [ "$(cd inbox/11 && sha256sum * | sha256sum)" = "$before" ]
check "delivers nothing" [ -z "$(find deliver -type f)" ]
printf '[expected]\nselected = 1\n' >>units/11.ini
night --rehearse
check "gates hold a rehearsal, too" [ $RC = 12 ]
check "and leave nothing either" [ -z "$(ls -A state)" ]
sed -i '/^\[expected\]/,$d' units/11.ini
night
check "the night itself" [ $RC = 0 ]
night --rehearse
check "an initial load is not rehearsed onto a population" [ $RC = 16 ]

checks_end
