#!/bin/bash
# The month's detail: everybody's movements are kept, opening + movements = closing per account and day; a day is written
# once and linked on; corrected files take a day's place; the days go when the month is over. The figures are computed a
# second time from the files alone (tests/law/apply).
. "$(dirname "$0")/nights.sh"
current() { echo "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")"; }
expected() { # FROM TO: lines "day log currency accounts movements opening movement closing breaks" out of the files
    BREAKS=2 tests/law/apply "$work" "$bank" 11 --figures | awk -v from="$1" -v to="$2" '$1 > from && $1 <= to'
}
kept() { # what the current generation says of the same
    run detail list --unit 11 --json
    python3 -c 'import json, sys
for r in sorted(json.load(sys.stdin), key=lambda r: (r["day"], r["log"], r["currency"])):
    if r["accounts"]: print(*(r[k] for k in ("day", "log", "currency", "accounts", "movements", "opening", "movement", "closing", "breaks")))' <"$scratch/out"
}

"$generate" "$bank" --from 2028-02-25 --days 8 --customers 150 --seed 11 --breaks 2 \
    --events -late_file,-redo_file,-repeated_file,-dirty_file >"$scratch/events" || exit 1
check "there are reversals" grep -qE '^reversal +[1-9]' "$scratch/events"
"$crmx" init "$work" --quiet
small_bank "$work"
sed -i 's/^statement .*//' "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-25/unload" "$work/inbox/11"
check "initial" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
check "no movements on the first night" exits 0 detail list --unit 11
check "no movements: said so" err_has "keeps no movements"
for d in 2028-02-26 2028-02-27 2028-02-28 2028-02-29; do give $d; done
check "nights to the month end" exits 0 run daily --unit 11 --date 2028-02-26 --through 2028-02-29 --no-follow
expected 2028-02-25 2028-02-29 >"$scratch/expected"
check "something is expected" test "$(wc -l <"$scratch/expected")" -gt 20
kept >"$scratch/kept"
check "the figures are those of the files" diff "$scratch/expected" "$scratch/kept"
check "breaks" exits 0 detail breaks --unit 11 --unmask --json
check "breaks: two a day" test "$(python3 -c 'import json,sys; d=json.load(sys.stdin); print(sorted(r["day"] for r in d).__repr__(), {r["difference"] for r in d} <= {"1.00","1.000"})' <"$scratch/out")" \
    = "['2028-02-26', '2028-02-26', '2028-02-27', '2028-02-27', '2028-02-28', '2028-02-28', '2028-02-29', '2028-02-29'] True"
account=$(python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["account"])' <"$scratch/out")
customer=$(python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["customer"])' <"$scratch/out")
check "one account" exits 0 detail show --account "$account" --unit 11
check "masked" out_has "***"
check "masked: no account number" bash -c "! grep -qF '$account' '$scratch/out'"
check "one customer" exits 0 detail show --customer "$customer" --unit 11 --unmask
check "one customer: the account is his" out_has "$account"
check "whose?" exits 16 detail show --unit 11
check "the tie-out names them" bash -c "'$crmx' --work '$work' reconcile --unit 11 | grep -q 'MOVEMENTS.*crmx detail breaks'"

# --- a day is written once ---

first=$(stat -c %i "$unit"/gen/2028-02-26.*/detail/2028-02-26.retail_transaction.seg)
check "a day is linked on" test "$first" = "$(stat -c %i "$(current)/detail/2028-02-26.retail_transaction.seg")"
check "verify" exits 0 generation verify --unit 11
cp -r "$work" "$scratch/saved"

# --- a corrected log takes the day's place ---

log=$work/inbox/11/CRDTRAN.20280229
cp "$bank/2028-02-29"/* "$work/inbox/11/" 2>/dev/null
[ -e "$log" ] || { gunzip -c "$log.gz" >"$log" && rm "$log.gz"; }
{ head -n 1 "$log" | grep '^HDR'; grep -v '^HDR\|^TRL' "$log" | sed '1d'; } >"$log.new"
printf 'TRL%010d\n' "$(grep -vc '^HDR' "$log.new")" >"$scratch/trailer"
awk '{printf "%-128s\n", $0}' "$scratch/trailer" >>"$log.new" && mv "$log.new" "$log"
before=$(kept | grep '2028-02-29 card' | awk '{n += $5} END {print n + 0}')
check "a movement less" exits 0 run daily --unit 11 --date 2028-02-29 --redo --reason "corrected card log" --no-follow
check "redo: nothing is there twice" test "$(kept | grep '2028-02-29 card' | awk '{n += $5} END {print n + 0}')" = $((before - 1))
check "redo: the days before are the same" diff <(grep -v 2028-02-29 "$scratch/kept") <(kept | grep -v 2028-02-29)
run detail breaks --unit 11 --day 2028-02-29
check "redo: what is missing is a break" out_has "card"

# --- a new month ---

rm -rf "$work" && cp -r "$scratch/saved" "$work" && rm -f "$work"/inbox/11/*
give 2028-03-01
check "the first night of a month" exits 0 run daily --unit 11 --date 2028-03-01 --no-follow
check "without a statement only the month is kept" test "$(kept | awk '{print $1}' | sort -u)" = 2028-03-01
check "the logs of the month before are left behind" test -z "$(find "$(current)/in" -name 'RTLTRAN*202802*')"
check "the change lists are not" test -n "$(find "$(current)/in" -name 'RTLACCTCHG*202802*')"
check "verify again" exits 0 generation verify --unit 11
give 2028-03-02
check "the second" exits 0 run daily --unit 11 --date 2028-03-02 --no-follow
kept >"$scratch/kept"
expected 2028-02-29 2028-03-02 >"$scratch/expected"
check "the figures of the new month" diff "$scratch/expected" "$scratch/kept"
damaged=$(current)/detail/2028-03-01.retail_transaction.seg
chmod u+w "$damaged" && printf 'X' | dd of="$damaged" bs=1 seek=70 conv=notrunc status=none
check "a flipped byte in a linked day" exits 12 generation verify --unit 11

# --- a full unload comes without movements ---

rm -rf "$work" && cp -r "$scratch/saved" "$work" && rm -f "$work"/inbox/11/*
"$generate" "$bank.more" --from 2028-02-25 --days 5 --customers 150 --seed 11 --breaks 2 \
    --events -late_file,-redo_file,-repeated_file,-dirty_file >/dev/null
cp -r "$bank.more/2028-03-01/unload/." "$work/inbox/11/"
check "refresh" exits 0 run refresh --unit 11 --date 2028-03-01 --no-follow
kept >"$scratch/kept"
check "refresh: no break" test "$(awk '$1 == "2028-03-01" {n += $9} END {print n + 0}' "$scratch/kept")" = 0
check "refresh: what changed is adjusted" bash -c "'$crmx' --work '$work' detail list --unit 11 --day 2028-03-01 | awk 'NR > 1 && \$NF != 0' | grep -q ."

# --- layouts that cannot be right ---

sed -i 's/^ledger .*/ledger = balance -nosuch/' "$work/layouts/card_transaction.ini"
check "ledger of no field" exits 16 layout check
check "ledger of no field: which" out_has "nosuch"

echo "$passed passed, $failed failed"
[ $failed = 0 ]
