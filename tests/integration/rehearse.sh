#!/bin/bash
# What can be known of a night before it: crmx preflight (date, calendar, city branches, waivers) and crmx run daily --rehearse, which
# has to say what the night then says, and leave nothing behind.
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
work=$W/work bank=$W/bank unit=$W/work/state/units/11

night() { crmx --work "$work" --set database.mode=none run daily --unit 11 --date "$@"; }
preflight() { crmx --work "$work" --set database.mode=none preflight --unit 11 --date "$@"; }
give() { find "$bank/$1" -maxdepth 1 -type f -exec cp {} "$work/inbox/11/" \;; }
# Everything that a rehearsal must not touch, by name and content.
traces() { (cd "$work" && find inbox deliver state -type f ! -name lock -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
# The tie-out, but for what is timed or named after the attempt.
page() { sed '/^  generation /d; /^rehearsed: /d; /^$/d' "$1"; }
rc() { [ "$RC" = "$1" ] || { echo "exit code $RC, not $1"; cat "$W/err"; return 1; }; }
untouched() { traces >"$W/after" && diff "$W/before" "$W/after"; }

# 2028-02-26 is a Saturday that banks work on no more than any other: companies, funds and rates rest until Monday.
"$GENERATE" "$bank" --from 2028-02-26 --days 3 --customers 120 --seed 3 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 16
"$CRMX" init "$work" --quiet
gates_off "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-26/unload" "$work/inbox/11"
crmx --work "$work" --set database.mode=none --quiet run initial --unit 11 --date 2028-02-26 --no-follow
check "initial" rc 0

# --- preflight ---

preflight 2028-02-26
check "a date that is done" rc 16
preflight 2028-02-28
check "a date before its turn" rc 16
check "which one is missing" out_has "2028-02-27 is missing before 2028-02-28"
preflight 2028-02-27
check "nothing came" rc 2
check "whose turn it is" out_has "it is the date's turn: it builds on 2028-02-26.001.1"
check "who sends on a Sunday" out_has "Sunday: retail card loan exclusion send; fund corporate_deposit corporate_loan rates nav interest do not"
check "a system that sends" out_has "card_account_change: missing"
check "not one that does not" [ "$(grep -c 'fund_.*missing\|corporate_.*missing\|rates: missing' "$W/out")" = 0 ]
give 2028-02-27
preflight 2028-02-27
check "all is there" out_has "all there and complete"
check "nothing fails" [ "$(grep -c '^FAIL' "$W/out")" = 0 ]
rm "$work/inbox/11/RTLACCTCHG.1102.20280227"
preflight 2028-02-27
check "a city branch is missing" rc 2
check "a city branch is missing: which" out_has "RTLACCTCHG.1102.20280227: missing, the branch sent one the day before"
crmx --work "$work" status --unit 11
check "status says so, too" out_has "missing: RTLACCTCHG.1102.20280227"
check "and what is closed" out_has "closed: no day of its calendar"
check "and nothing of an unload" [ "$(grep -c ' retail_account  ' "$W/out")" = 0 ]
cp "$bank/2028-02-27/RTLACCTCHG.1102.20280227" "$work/inbox/11/"

# --- a night rehearsed, and then run ---

traces >"$W/before"
night 2028-02-27 --rehearse --quiet
check "rehearsed" rc 0
check "says that nothing was committed" out_has "nothing was committed"
check "leaves everything as it was" untouched
page "$W/out" >"$W/rehearsed"
night 2028-02-27 --quiet --no-follow
check "the night itself" rc 0
crmx --work "$work" reconcile --unit 11
page "$W/out" >"$W/real"
same "the tie-out is the one that was rehearsed" "$W/real" "$W/rehearsed"
traces >"$W/before"
night 2028-02-27 --rehearse --quiet
check "a date that is done" rc 0
check "there is nothing to rehearse" err_has "there is nothing to rehearse"
night 2028-02-28 --through 2028-02-29 --rehearse
check "only the next date" rc 16
check "and why" err_has "only the next date can be rehearsed"
check "none of them left anything" untouched

# --- a corrected file, rehearsed: with the files that the first run took ---

cp "$bank/2028-02-27/RTLTRAN.1101.20280227" "$work/inbox/11/"
traces >"$W/before"
night 2028-02-27 --redo --reason "sent again" --rehearse --quiet
check "a redo rehearsed" rc 0
check "it finds what the first run took" out_has "rehearsed: "
check "and leaves it there" untouched
rm "$work/inbox/11/RTLTRAN.1101.20280227"

# --- a night that its gates hold: rehearsed, held, decided, rehearsed, run ---

sed -i 's/^orphans = off/orphans = 0%/' "$work/units/11.ini"
give 2028-02-28
traces >"$W/before"
night 2028-02-28 --rehearse --quiet
check "held in the rehearsal" rc 12
check "and what follows from it" err_has "the night itself will be held as well"
check "which leaves nothing" untouched
night 2028-02-28 --quiet --no-follow
check "held" rc 12
crmx --work "$work" gate accept all --unit 11 --date 2028-02-28 --by li --reason "known"
traces >"$W/before"
night 2028-02-28 --rehearse --quiet
check "decided: the rehearsal goes through, with the files the held attempt took" rc 0
check "and leaves them there" untouched
page "$W/out" >"$W/rehearsed"
night 2028-02-28 --quiet --no-follow
check "and so does the night" rc 0
crmx --work "$work" reconcile --unit 11
page "$W/out" >"$W/real"
same "with that tie-out" "$W/real" "$W/rehearsed"

# --- waived; a refresh ---

give 2028-02-29
rm "$work/inbox/11/RTLACCTCHG.1103.20280229"
crmx --work "$work" file waive RTLACCTCHG.1103.20280229 --unit 11 --date 2028-02-29 --reason "line down"
preflight 2028-02-29
check "a waived file is a warning" rc 4
check "with its reason" out_has "RTLACCTCHG.1103.20280229: waived, line down"
checks_end
