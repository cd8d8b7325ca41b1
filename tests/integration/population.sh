#!/bin/bash
# crmx population dump and list, on the delivered template with made-up data: canonical whatever the order of the files, hashes for what is
# personal, nothing of class C3, and both agree.
here=$(cd "$(dirname "$0")/../.." && pwd)
crmx=${CRMX:-$here/build/${MODE:-release}/crmx}
generate=${GENERATE:-$(dirname "$crmx")/samples/generate}
home=$(mktemp -d) || exit 16
trap 'rm -rf "$home"' EXIT
passed=0 failed=0
. "$here/tests/small_bank.sh"
check() { # NAME COMMAND …
    local name=$1
    shift
    if "$@" >"$home/out" 2>&1; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED $name" && head -n 5 "$home/out"; fi
}

"$generate" "$home/bank" --from 2027-03-18 --days 3 --customers 120 --seed 5 >/dev/null
load() { # WORK [SEED]: the initial load of the last day's unload, its records shuffled
    "$crmx" init "$1" --quiet
    rm -rf "$1/inbox/11" && cp -r "$home/bank/2027-03-21/unload" "$1/inbox/11"
    gates_off "$1/units/11.ini"
    [ -z "$2" ] || "$here/tests/law/shuffle" "$1/inbox/11" "$2"
    "$crmx" --work "$1" --set database.mode=none --quiet run initial --unit 11 --date 2027-03-21 --no-follow
}
dump() { "$crmx" --work "$1" population dump "${@:2}" 2>/dev/null; }
list() { "$crmx" --work "$1" population list 2>/dev/null; }

check "load" load "$home/a"
check "load, shuffled" load "$home/b" 1
check "load, shuffled otherwise" load "$home/c" 2
dump "$home/a" --canonical --unmask >"$home/a.dump"
dump "$home/b" --canonical --unmask >"$home/b.dump"
dump "$home/c" --canonical --unmask >"$home/c.dump"
check "there are customers" test "$(grep -c '^customer' "$home/a.dump")" -gt 100
check "another order of records, the same population" cmp "$home/a.dump" "$home/b.dump"
check "and another" cmp "$home/a.dump" "$home/c.dump"

list "$home/a" >"$home/a.list"
check "a line for each record" test "$(($(wc -l <"$home/a.list") - 1))" = "$(grep -c '^source' "$home/a.dump")"
check "as many customers" test "$(tail -n +2 "$home/a.list" | cut -f 1 | sort -u | wc -l)" = "$(grep -c '^customer' "$home/a.dump")"
check "one primary record each" test "$(awk -F'\t' '$5 == "primary"' "$home/a.list" | wc -l)" = "$(grep -c '^customer' "$home/a.dump")"
check "as many reached the threshold" test "$(awk -F'\t' '$5 == "primary" && $6 == "reached"' "$home/a.list" | wc -l)" = "$(grep -cx 'threshold	reached' "$home/a.dump")"
selected=$("$crmx" --work "$home/a" --json status --unit 11 2>/dev/null | grep -o '"selected":[0-9]*' | head -1 | cut -d: -f2)
check "these are the selected ones" test "$(awk -F'\t' '$5 == "primary" && $7 != ""' "$home/a.list" | wc -l)" = "${selected:-$(grep -cx 'threshold	reached' "$home/a.dump")}"

# What is personal: an ID number of the data does not stand in the masked dump, the card verification value in neither.
dump "$home/a" >"$home/masked"
id=$(grep '^source	retail' "$home/a.dump" | grep -o 'id_no=[0-9X]\{18\}' | head -1 | cut -d= -f2)
check "the ID is in the unmasked one" grep -q "$id" "$home/a.dump"
check "not in the masked one" test "$(grep -c "$id" "$home/masked")" = 0
check "as many customers masked" test "$(grep -c '^customer' "$home/masked")" = "$(grep -c '^customer' "$home/a.dump")"
check "no verification values" test "$(grep -c 'cvv=' "$home/a.dump")" = 0
check "the look is in the log" bash -c "'$crmx' --work '$home/a' population dump --unmask 2>&1 >/dev/null | grep -q 'unmasked look'"
# A change anywhere shows: one fen more on one account.
sed 's/counted.balance=\([0-9]*\)0$/counted.balance=\11/' "$home/a.dump" >"$home/changed"
check "the dump has balances" test "$(cmp "$home/a.dump" "$home/changed" | wc -l)" = 1
check "no generation: an error with a hint" bash -c "'$crmx' init '$home/empty' --quiet; '$crmx' --work '$home/empty' population dump 2>&1 | grep -q HINT"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
