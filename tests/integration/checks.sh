# checks.sh: what the scripts here that compare whole runs share; sourced by bash. Sets CRMX (the program), GENERATE (the generator of
# samples/), W (a folder that is removed at the end, in memory where there is room), PASSED, FAILED.
#
#     check TEXT COMMAND …        passes when the command does; shows what it printed when not
#     same TEXT EXPECTED FOUND    two files, byte for byte
#     crmx ARGUMENT …             runs the program: $W/out, $W/err, exit code in RC
#     checks_end                  "N passed, N failed"
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 16
MODE=${MODE:-release}
CRMX=${CRMX:-$PWD/build/$MODE/crmx}
GENERATE=${GENERATE:-$PWD/build/$MODE/samples/generate}
unset CRMX_HOME
checks_base=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df --output=avail /dev/shm | tail -1)" -gt 1000000 ]; then checks_base=/dev/shm; fi
W=$(mktemp -d "$checks_base/crmx_$(basename "$0" .sh).XXXXXX") || exit 16
trap 'rm -rf "$W"' EXIT
PASSED=0 FAILED=0

check() {
    local text=$1
    shift
    if "$@" >"$W/check" 2>&1; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        echo "FAILED: $text"
        sed 's/^/    /' "$W/check" | head -n 30
    fi
}

crmx() {
    "$CRMX" "$@" >"$W/out" 2>"$W/err" </dev/null
    RC=$?
}

# ok TEXT ARGUMENT …: the program, which must succeed.
ok() {
    local text=$1
    shift
    crmx "$@"
    check "$text" checks_succeeded "$*"
}
checks_succeeded() {
    [ $RC = 0 ] && return
    echo "crmx $1: exit code $RC"
    cat "$W/err" "$W/out"
    return 1
}

same() { check "$1" checks_compare "$2" "$3"; }
checks_compare() { cmp "$2" "$1" || { diff -a "$1" "$2" | head -10; return 1; }; }

out_has() { grep -qaF -- "$1" "$W/out" || { cat "$W/out" "$W/err"; return 1; }; }
err_has() { grep -qaF -- "$1" "$W/err" || { cat "$W/err" "$W/out"; return 1; }; }
# json FILTER ARGUMENT …: the filter of jq is true for what the command prints with --json.
json() {
    local filter=$1
    shift
    crmx "$@" --json
    check "$* --json: $filter" checks_json "$filter"
}
# jq 1.6 is content with nothing at all: that is no answer.
checks_json() { { [ -s "$W/out" ] && jq -e "$1" "$W/out"; } || { cat "$W/out" "$W/err"; return 1; }; }

# The folder of the current generation of a unit: checks_generation WORK UNIT
checks_generation() {
    local id
    read -r id _ <"$1/state/units/$2/CURRENT" && echo "$1/state/units/$2/gen/$id"
}

checks_end() {
    echo "$PASSED passed, $FAILED failed"
    [ "$FAILED" = 0 ]
}
