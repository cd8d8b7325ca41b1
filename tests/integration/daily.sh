#!/bin/bash
# Nights, one after the other: dates in order, each once; corrected, late and waived files; going back, pruning, comparing;
# a full unload; layouts that change between two nights. The law itself: tests/law.
. "$(dirname "$0")/nights.sh"
current() { cut -d' ' -f1 "$unit/CURRENT"; }
night() { run run daily --unit 11 --date "$1" --no-follow "${@:2}"; }
dump() { "$crmx" --work "$1" population dump --canonical --unmask 2>/dev/null; }
new_work() { # FOLDER
    "$crmx" init "$1" --quiet
    small_bank "$1"
    rm -rf "$1/inbox/11"
}

"$generate" "$bank" --from 2028-02-26 --days 4 --customers 120 --seed 3 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 1
new_work "$work"
cp -r "$bank/2028-02-26/unload" "$work/inbox/11"

# --- order of the dates ---

check "no population yet" exits 16 run daily --unit 11 --date 2028-02-27 --no-follow
check "no population yet: what to type" err_has "crmx run initial --unit 11 --date 2028-02-27"
check "initial" exits 0 run initial --unit 11 --date 2028-02-26 --no-follow
give 2028-02-27
check "a date is missing" exits 16 run daily --unit 11 --date 2028-02-28 --no-follow
check "a date is missing: which" err_has "2028-02-27 is missing before 2028-02-28"
check "a date before" exits 16 run daily --unit 11 --date 2028-02-25 --no-follow
check "a date before: how to go back" err_has "crmx generation rollback --unit 11 --to 2028-02-25"
check "first night" exits 0 run daily --unit 11 --date 2028-02-27 --no-follow
first=$(current)
check "the date again" exits 0 run daily --unit 11 --date 2028-02-27 --no-follow
check "the date again: done" out_has "committed before"
give 2028-02-27
check "the same files again" exits 0 run daily --unit 11 --date 2028-02-27 --no-follow
check "nothing new" [ "$(current)" = "$first" ]
printf 'TRL' >>"$work/inbox/11/RTLCUSTCHG.20280227"
check "another file of that name" exits 16 run daily --unit 11 --date 2028-02-27 --no-follow
check "another file: what to type" err_has "--redo --reason"
check "redo needs a reason" exits 16 run daily --unit 11 --date 2028-02-27 --redo --no-follow
rm -f "$work"/inbox/11/* && give 2028-02-27
dump "$work" >"$scratch/dump.1"
check "redo" exits 0 run daily --unit 11 --date 2028-02-27 --redo --reason "sent again" --no-follow
check "redo: a new sequence" [ "$(current)" = 2028-02-27.002.1 ]
dump "$work" >"$scratch/dump.2"
check "redo: the same files, the same population" cmp -s "$scratch/dump.1" "$scratch/dump.2"
check "redo: the reason is kept" grep -q "sent again" "$unit/run/2028-02-27.002.1/journal"

# --- city branches ---

give 2028-02-28
mv "$work/inbox/11/RTLACCTCHG.1102.20280228" "$scratch/"
check "a city branch is missing" exits 2 run daily --unit 11 --date 2028-02-28 --no-follow
check "a city branch is missing: which" err_has "no file \"RTLACCTCHG.1102.20280228\""
check "a city branch is missing: how it is known" err_has "; the branch sent one the day before"
check "a waiver for nobody" exits 16 file waive NOSUCH.20280228 --unit 11 --date 2028-02-28 --reason x
check "waived" exits 0 file waive RTLACCTCHG.1102.20280228 --unit 11 --date 2028-02-28 --reason "line down"
check "without it" exits 0 run daily --unit 11 --date 2028-02-28 --no-follow
check "stale" grep -q "RTLACCTCHG.1102.20280228	line down" "$unit/gen/$(current)/stale.tsv"
cp "$scratch/RTLACCTCHG.1102.20280228" "$work/inbox/11/"
check "the late file" exits 16 run daily --unit 11 --date 2028-02-28 --no-follow
check "the late file: what to type" err_has "a late file: crmx run daily"
check "supplemented" exits 0 run daily --unit 11 --date 2028-02-28 --redo --reason "late file of 1102" --no-follow
dump "$work" >"$scratch/dump.28"

# --- catching up, going back ---

give 2028-02-29
printf '%-140s\n' 'no account and no date' >>"$work/inbox/11/RTLTRAN.1101.20280229"
sed -i '/^TRL/d' "$work/inbox/11/RTLTRAN.1101.20280229"
sed -i '/^\[trailer\]/,/^$/d; s/^complete .*/complete = none/' "$work/layouts/retail_transaction.ini"
give 2028-03-01
check "two dates in one command" exits 0 run daily --unit 11 --date 2028-02-29 --through 2028-03-01 --no-follow
check "a bad transaction is a reject" grep -q "^RTLTRAN.1101.20280229	" "$unit/gen/2028-02-29.001.1/rejects.tsv"
check "the last date" [ "$(current)" = 2028-03-01.001.1 ]
dump "$work" >"$scratch/dump.last"
check "verify" exits 0 generation verify --unit 11
check "diff" exits 0 generation diff 2028-02-28.002.1 --unit 11
check "diff: counts" out_has "score"
check "back" exits 0 generation rollback --unit 11 --to 2028-02-28 --reason "wrong files"
check "back: the population of then" cmp -s <(dump "$work") "$scratch/dump.28"
check "forward again" exits 0 run daily --unit 11 --date 2028-02-29 --through 2028-03-01 --no-follow
check "forward: the same population" cmp -s <(dump "$work") "$scratch/dump.last"
check "forward: a new sequence" [ "$(current)" = 2028-03-01.002.1 ]
mkdir -p "$unit/ledger"

# --- an unload against it ---

new_work "$scratch/fresh"
cp -r "$bank/2028-03-01/unload" "$scratch/fresh/inbox/11"
"$crmx" --work "$scratch/fresh" --set database.mode=none run initial --unit 11 --date 2028-03-01 --no-follow -q >/dev/null 2>&1
check "the law" cmp -s <(dump "$work") <(dump "$scratch/fresh")
check "compare: the same" exits 0 population compare "$bank/2028-03-01/unload" --unit 11
check "compare: another day" exits 4 population compare "$bank/2028-02-26/unload" --unit 11 --date 2028-02-26
check "compare leaves nothing" [ ! -e "$unit/compare.tmp" ]
rm -rf "$scratch/back" && cp -r "$work" "$scratch/back"
run generation rollback --unit 11 --to 2028-02-29 --reason "refresh instead"
rm -f "$work"/inbox/11/* && cp -r "$bank/2028-03-01/unload/." "$work/inbox/11/"
check "refresh" exits 0 run refresh --unit 11 --date 2028-03-01 --no-follow
check "refresh: the population of the unload" cmp -s <(dump "$work") <(dump "$scratch/fresh")

# --- what is kept ---

check "prune, rehearsed" exits 0 generation prune --unit 11 --keep 2 --rehearse
check "prune, rehearsed: all are there" [ -d "$unit/gen/2028-02-26.001.1" ]
check "prune" exits 0 generation prune --unit 11 --keep 2
check "prune: old ones went" [ ! -e "$unit/gen/2028-02-26.001.1" ]
check "prune: the month end stays" [ -d "$unit/gen/2028-02-29.002.1" ]
check "prune: the current one is whole" exits 0 generation verify --unit 11
carried=$(find "$unit/gen/$(current)/in" -mindepth 2 -name 'RTLCUSTCHG*' -size +300c | head -1)
chmod u+w "$carried" && printf 'X' | dd of="$carried" bs=1 seek=310 conv=notrunc status=none
check "a flipped byte in a carried file" exits 12 generation verify --unit 11

# --- layouts that change between two nights ---

rm -rf "$work" && cp -r "$scratch/back" "$work"
"$generate" "$bank.more" --from 2028-02-26 --days 5 --customers 120 --seed 3 --events -late_file,-redo_file,-repeated_file >/dev/null
bank=$bank.more
rm -f "$work"/inbox/11/* && give 2028-03-02
run generation rollback --unit 11 --to 2028-03-01 --reason x
sed -i 's/^branch      = 77 6  text$/branch      = 77 6  text\nopened_hot  = 60 8 date reason=OPEN2 keep=hot/' "$work"/layouts/retail_account.ini "$work"/layouts/retail_account_change.ini
check "a field is added" exits 0 run daily --unit 11 --date 2028-03-02 --no-follow
rm -rf "$work" && cp -r "$scratch/back" "$work"
rm -f "$work"/inbox/11/* && give 2028-03-02
sed -i 's/values=A,F,D,C reason=STATUS keep=hot/values=A,F,D reason=STATUS keep=hot/' "$work/layouts/retail_account.ini"
check "a code that is listed no more" exits 16 run daily --unit 11 --date 2028-03-02 --no-follow
check "a code that is listed no more: said so" err_has "has become narrower"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
