#!/bin/bash
# The demo as a newcomer sees it, small: it must go through on the template and the made-up data as they are, gates and all.
here=$(cd "$(dirname "$0")/../.." && pwd)
log=$(mktemp) || exit 16
trap 'rm -f "$log"' EXIT
passed=0 failed=0
check() { # NAME COMMAND …
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED $name" && grep -E 'ERROR|HINT|holds' "$log" | head -n 5; fi
}

check "it goes through" bash -c "'$here/samples/demo.sh' 20000 >'$log' 2>&1"
check "no error on the way" bash -c "! grep -q ERROR '$log'"
check "five generations" test "$(grep -c 'is current' "$log")" = 5
check "each balanced" test "$(grep -c 'reconcile: balanced' "$log")" = 5
check "each delivered, and the statements" test "$(grep -c '[0-9]\.ok\b' "$log")" = 6
check "the month was emptied" grep -q "delivered, the month's detail is emptied" "$log"
check "a statement is shown" grep -q '期末余额' "$log"
check "the database shows tiers" grep -qE '^A +[0-9]+ +[0-9]+$' "$log"
echo "$passed passed, $failed failed"
