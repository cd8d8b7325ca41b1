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
check "four generations" test "$(grep -c 'is current' "$log")" = 4
check "each balanced" test "$(grep -c 'reconcile: balanced' "$log")" = 4
check "each delivered" test "$(grep -c '\.ok$' "$log")" = 4
check "the database shows tiers" grep -qE '^A +[0-9]+ +[0-9]+$' "$log"
echo "$passed passed, $failed failed"
