#!/bin/bash
# The month end: statements for every CRM customer, delivered, then the month is emptied. Wrong dates are refused by name;
# nothing is emptied before the delivery is confirmed; killed at any moment the same command ends with the same bytes; threads
# and memory change no byte. POINTS=n moments to be killed at (default 1).
. "$(dirname "$0")/nights.sh"
RANDOM=${SEED:-$$}
current() { echo "$unit/gen/$(cut -d' ' -f1 "$unit/CURRENT")"; }
month_end() { run run monthend --unit 11 --date 2028-02-29 "$@"; }
fresh() { rm -rf "$work" && cp -r "$scratch/saved" "$work"; }
bytes() { (cd "$1" && sha256sum STATEMENT STATEMENT.CSV totals.tsv tieout.tsv 2>/dev/null); }
made() { bytes "$unit/month/2028-02-29.001/out"; }

"$generate" "$bank" --from 2028-02-25 --days 6 --customers 300 --seed 8 --breaks 1 \
    --events -late_file,-redo_file,-repeated_file,-dirty_file >"$scratch/events" || exit 1
"$crmx" init "$work" --quiet
gates_off "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank/2028-02-25/unload" "$work/inbox/11"
check "nothing yet" exits 16 run monthend --unit 11 --date 2028-02-29
check "nothing yet: what to type" err_has "crmx run initial --unit 11"
check "initial" exits 0 run initial --unit 11 --date 2028-02-25 --no-follow
for d in 2028-02-26 2028-02-27 2028-02-28; do give $d; done
check "nights" exits 0 run daily --unit 11 --date 2028-02-26 --through 2028-02-28 --no-follow

# --- dates ---

check "no last day" exits 16 run monthend --unit 11 --date 2028-02-28
check "no last day: what to type" err_has "crmx run monthend --unit 11 --date 2028-02-29"
check "not reached" exits 16 run monthend --unit 11 --date 2028-02-29
check "not reached: what to type" err_has "crmx run daily --unit 11 --date 2028-02-29 --through 2028-02-29"
check "refused leaves nothing" [ ! -e "$unit/month/2028-02-29.001" ]
give 2028-02-29
check "the last night" exits 0 run daily --unit 11 --date 2028-02-29 --no-follow
check "long past" exits 16 run monthend --unit 11 --date 2028-01-31
check "long past: what to type" err_has "crmx generation list --unit 11"
rm -rf "$scratch/saved" && cp -r "$work" "$scratch/saved"
sed -i '/^statement /d' "$work/units/11.ini"
check "no layout" exits 16 run monthend --unit 11 --date 2028-02-29
check "no layout: what to write" err_has "statement = monthly"
fresh

# --- whole ---

check "made, not delivered" exits 0 run monthend --unit 11 --date 2028-02-29 --no-follow
check "not emptied" [ ! -e "$unit/emptied" ]
made >"$scratch/reference"
selected=$(awk -F'\t' '$2 == "selected" {print $4}' "$(current)/totals.tsv")
out=$unit/month/2028-02-29.001/out
check "one statement a CRM customer" [ "$(grep -a -c ' 1 / ' "$out/STATEMENT")" = "$selected" ]
check "form feeds" [ "$(tr -cd '\f' <"$out/STATEMENT" | wc -c)" = "$(awk -F'\t' '$2 == "pages" {print $4}' "$out/totals.tsv")" ]
check "pages of 60 lines" [ $(($(tr -d '\f' <"$out/STATEMENT" | wc -l) % 60)) = 0 ]
check "reversals are printed as such" grep -q 冲正 "$out/STATEMENT"
check "everything balanced" bash -c "! grep -q 'NO$' '$out/tieout.tsv' && [ \$(wc -l <'$out/tieout.tsv') -gt 10 ]"
check "what is printed is what was sent" tests/integration/statement_check "$out" "$bank" 2028-02-26 2028-02-29
check "delivered and emptied" exits 0 run monthend --unit 11 --date 2028-02-29
check "said so" out_has "delivered, the month's detail is emptied"
delivered=$work/deliver/11/statement.11.20280229.001
check "the set is whole" [ -e "$delivered/11.20280229.001.ok" ]
check "what was made was delivered" cmp -s "$out/STATEMENT" "$delivered/STATEMENT"
check "emptied" grep -q '^2028-02-29 ' "$unit/emptied"
check "again" exits 0 run monthend --unit 11 --date 2028-02-29
check "again: done" out_has "nothing to do"
check "delivery list knows the sets" exits 0 delivery list --unit 11 --target crm.statement
give 2028-03-01
check "the first night of the next month" exits 0 run daily --unit 11 --date 2028-03-01 --no-follow
check "it starts empty" [ -z "$(find "$(current)/detail" -name '2028-02-*')" ]
check "the logs of the month go, too" [ -z "$(find "$(current)/in" -name 'RTLTRAN*202802*')" ]
check "again, a night later: done" exits 0 run monthend --unit 11 --date 2028-02-29
check "a redo wants a reason" exits 16 run monthend --unit 11 --date 2028-02-29 --redo
check "a redo" exits 0 run monthend --unit 11 --date 2028-02-29 --redo --reason "asked for"
check "a redo is a set of its own" [ -e "$work/deliver/11/statement.11.20280229.002/11.20280229.002.ok" ]
check "the same statements" cmp -s "$delivered/STATEMENT" "$work/deliver/11/statement.11.20280229.002/STATEMENT"

echo "2028-03-31 2028-03-31.001.1" >"$unit/emptied"
check "a redo after the next month was emptied" exits 0 run monthend --unit 11 --date 2028-02-29 --redo --reason "asked for again"
check "does not open it again" grep -q '^2028-03-31 ' "$unit/emptied"

# --- a month that is not stated stays ---

fresh
give 2028-03-01 && give 2028-03-02
check "nights of the next month" exits 0 run daily --unit 11 --date 2028-03-01 --through 2028-03-02 --no-follow
check "the month is kept" [ -n "$(find "$(current)/detail" -name '2028-02-29*')" ]
check "stated from the generation of its last day" exits 0 run monthend --unit 11 --date 2028-02-29
check "the same bytes" diff "$scratch/reference" <(made)

# --- only after confirmed delivery ---

fresh
sed -i 's/^kind = directory.*/kind = directory\nack_file = ack.{date}.{seq}/' "$work/units/11.ini"
check "not acknowledged" exits 4 run monthend --unit 11 --date 2028-02-29
check "not acknowledged: the month is kept" [ ! -e "$unit/emptied" ]
give 2028-03-01
check "a night before the acknowledgement" exits 0 run daily --unit 11 --date 2028-03-01 --no-follow
check "still kept" [ -n "$(find "$(current)/detail" -name '2028-02-29*')" ]
echo accepted >"$work/deliver/11/statement.ack.20280229.001"
check "acknowledged" exits 0 run monthend --unit 11 --date 2028-02-29
check "acknowledged: emptied" grep -q '^2028-02-29 ' "$unit/emptied"
fresh
sed -i '/^\[target/,$d' "$work/units/11.ini"
check "no target" exits 4 run monthend --unit 11 --date 2028-02-29
check "no target: the month is kept" [ ! -e "$unit/emptied" ]
fresh
rm -rf "$work/deliver/11" && touch "$work/deliver/11"
month_end
check "the target is down" [ $code = 4 ]
check "the target is down: what to type" err_has "crmx run monthend --unit 11 --date 2028-02-29"
check "the target is down: the month is kept" [ ! -e "$unit/emptied" ]
rm "$work/deliver/11"
check "it is up again" exits 0 run monthend --unit 11 --date 2028-02-29

# --- threads, memory, encoding ---

for setting in run.threads=1 run.threads=4 run.memory_max=64M; do
    fresh
    month_end --set $setting --no-follow
    check "the same bytes with $setting" diff "$scratch/reference" <(made)
done
fresh
sed -i 's/^encoding .*/encoding = gb18030/; s/^line_end .*/line_end = crlf/' "$work/statements/monthly.ini"
check "gb18030" exits 0 run monthend --unit 11 --date 2028-02-29 --no-follow
iconv -f gb18030 -t utf-8 "$out/STATEMENT" | tr -d '\r' >"$scratch/utf8"
check "gb18030: the same text" grep -q "^$(sha256sum <"$scratch/utf8" | cut -c 1-64)  STATEMENT$" "$scratch/reference"
fresh
sed -i 's/^opening .*/opening = entry/' "$work/statements/monthly.ini"
check "opening at the entry" exits 0 run monthend --unit 11 --date 2028-02-29 --no-follow
check "opening at the entry: printed as such" grep -q 成为客户日 "$out/STATEMENT"
fresh
sed -i 's/{amount:>18}/{amuont:>18}/' "$work/statements/monthly.ini"
check "a misspelt field" exits 16 run monthend --unit 11 --date 2028-02-29
check "a misspelt field: which" err_has "amuont"

# --- month after month ---

rm -rf "$work" "$bank.long"
"$generate" "$bank.long" --from 2028-02-28 --days 32 --customers 30 --seed 3 --events -late_file,-redo_file,-repeated_file,-dirty_file >/dev/null
"$crmx" init "$work" --quiet && gates_off "$work/units/11.ini"
rm -rf "$work/inbox/11" && cp -r "$bank.long/2028-02-28/unload" "$work/inbox/11"
check "another bank" exits 0 run initial --unit 11 --date 2028-02-28 --no-follow
for day in "$bank.long"/2028-*/; do find "$day" -maxdepth 1 -type f ! -path '*2028-02-28/*' -exec cp {} "$work/inbox/11/" \;; done
check "nights over two month ends" exits 0 run daily --unit 11 --date 2028-02-29 --through 2028-03-31 --no-follow
check "March before February" exits 16 run monthend --unit 11 --date 2028-03-31
check "March before February: what to type" err_has "crmx run monthend --unit 11 --date 2028-02-29"
check "February" exits 0 run monthend --unit 11 --date 2028-02-29
check "March" exits 0 run monthend --unit 11 --date 2028-03-31
check "March is emptied" grep -q '^2028-03-31 ' "$unit/emptied"
march=$unit/month/2028-03-31.001/out/STATEMENT.CSV
check "March opens on its first day" [ "$(awk -F, '$6 == "opening" {print $7}' "$march" | sort -u)" = 2028-03-01 ]
check "March holds nothing of February" bash -c "! grep -q ',2028-02-' '$march'"
check "March goes to its last day" grep -q ',2028-03-31,[0-9]' "$march"
rm -rf "$work"

# --- kill -9 ---

fresh
calls=$scratch/calls
CRMX_CALL_LOG=$calls month_end
count=$(wc -l <"$calls")
check "a run has system calls" [ "$count" -gt 100 ]
(cd "$work/deliver/11/statement.11.20280229.001" && sha256sum STATEMENT STATEMENT.CSV totals.tsv) >"$scratch/delivered"
for ((n = 1; n <= ${POINTS:-1}; n++)); do
    fresh
    for ((kill = 0; kill < 2; kill++)); do
        at=$((1 + (RANDOM * 32768 + RANDOM) % count))
        (CRMX_CRASH_AT=$at "$crmx" --work "$work" --set database.mode=none run monthend --unit 11 --date 2028-02-29; :) >/dev/null 2>&1
        [ ! -e "$unit/emptied" ] || [ -e "$work/deliver/11/statement.11.20280229.001/11.20280229.001.ok" ] ||
            check "killed at $at: emptied before it was delivered" false
    done
    month_end
    check "killed at $at: the same command ends it" [ $code = 0 ]
    check "killed at $at: the same bytes" diff "$scratch/reference" <(made)
    check "killed at $at: delivered once" [ "$(find "$work/deliver/11" -mindepth 1 -maxdepth 1 | wc -l)" = 1 ]
    check "killed at $at: the same set" diff "$scratch/delivered" <(cd "$work/deliver/11/statement.11.20280229.001" && sha256sum STATEMENT STATEMENT.CSV totals.tsv)
    check "killed at $at: emptied" grep -q '^2028-02-29 ' "$unit/emptied"
    check "killed at $at: nothing is left behind" [ -z "$(find "$unit/month" "$work/deliver" -name '*.tmp' -o -name '*.part' -o -name spill)" ]
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
