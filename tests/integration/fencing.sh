#!/bin/bash
# Two runs on one unit although there is a lock: the first is stopped right before one of its calls, its lock file deleted, the
# second run to its end, then the first goes on. Whatever the moment: one of them publishes, the result is that of an undisturbed
# run, and nothing in it was written by the other. POINTS=n moments (default 24), all of them with POINTS=0.
# Ends with "N passed, N failed".
. "$(dirname "$0")/checks.sh"
first=0
trap '[ $first = 0 ] || kill -KILL $first 2>/dev/null; rm -rf "$W"' EXIT
DATE=2026-10-31
POINTS=${POINTS:-24}

fresh() {
    rm -rf "$W/work"
    cp -r "$W/template" "$W/work"
}
NIGHT=("$CRMX" run initial --work "$W/work" --unit 11 --date $DATE --no-follow --quiet --set run.threads=1)
night() { timeout 60 "${NIGHT[@]}"; }
outputs() { (cd "$W/work/state/units/11/gen/$(cut -d' ' -f1 "$W/work/state/units/11/CURRENT")" && sha256sum out/* totals.tsv customer.seg); }
# SIGSTOP has arrived, or the process has ended (the call was never made).
wait_stopped() {
    local i
    for ((i = 0; i < 500; i++)); do
        case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c1) in
        T) return 0 ;;
        Z | "") return 1 ;;
        esac
        sleep 0.01
    done
    return 1
}

"$CRMX" init "$W/template" --quiet
"$GENERATE" "$W/template/inbox/11" --customers 60 --unit 11 --date $DATE >/dev/null
printf '[database]\nmode = none\n' >"$W/template/crmx.ini"
sed -i 's/^take .*/take = copy/; s/^orphans .*/orphans = off/' "$W/template/units/11.ini"
sed -i 's/^reject_limit .*/reject_limit = 100%/' "$W/template"/layouts/*.ini

fresh
CRMX_CALL_LOG=$W/calls night >"$W/second" 2>&1
check "an undisturbed run" [ $? = 0 ]
outputs >"$W/reference"
calls=$(wc -l <"$W/calls")
check "publishes in its last calls" grep -q " rename .*CURRENT" "$W/calls"
lock=$(awk '$3 ~ /\/epoch/ { print $1; exit }' "$W/calls")
current=$(awk '$2 == "rename" && $3 ~ /CURRENT/ { print $1 }' "$W/calls")

disturb() { # CALL: exit codes into $one (the first) and $two
    fresh
    env CRMX_PAUSE_AT="$1" "${NIGHT[@]}" >"$W/first" 2>&1 & # $! is the program itself
    first=$!
    wait_stopped $first || { echo "call $1: was not stopped"; kill -KILL $first 2>/dev/null; first=0; return 1; }
    rm -f "$W/work/state/units/11/lock"
    night >"$W/second" 2>&1
    two=$?
    kill -CONT $first
    wait $first 2>/dev/null
    one=$?
    first=0
}

[ "$POINTS" = 0 ] && POINTS=$((calls - lock))
for ((i = 0; i < POINTS; i++)); do
    at=$((lock + 4 + (calls - lock - 4) * i / POINTS))
    disturb $at || { FAILED=$((FAILED + 1)); continue; }
    check "call $at: the second run ends well" [ $two = 0 ]
    if [ $at -le "$current" ]; then
        if [ $one = 0 ]; then # it had not looked yet whether the date is done
            check "call $at: the first finds nothing to do" grep -q "committed before; nothing to do" "$W/first"
        else
            check "call $at: the first publishes nothing" [ $one = 2 ]
            check "call $at: and says why" grep -q "another run took the unit over while this one worked" "$W/first"
        fi
    else
        check "call $at: the first had published" [ $one = 0 ]
    fi
    check "call $at: the result is that of one run" diff <(outputs) "$W/reference"
    check "call $at: every byte of it" "$CRMX" generation verify --work "$W/work" --unit 11
done

checks_end
