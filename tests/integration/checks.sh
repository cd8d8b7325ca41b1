# checks.sh: what the scripts here that compare whole runs share; sourced by bash. Sets CRMX (the program), GENERATE (the generator of
# samples/), W (a folder that is removed at the end, in memory where there is room), PASSED, FAILED.
#
#     check TEXT COMMAND …        passes when the command does; shows what it printed when not
#     same TEXT EXPECTED FOUND    two files, byte for byte
#     crmx ARGUMENT …             runs the program: $W/out, $W/err, exit code in RC; a script may have one of its own
#     ok TEXT ARGUMENT …          the program, which must succeed
#     prints TEXT ARGUMENT …      the same, and TEXT ('': anything) is in what it prints
#     fails CODE MESSAGE HINT ARGUMENT …    with this exit code, message and hint: its beginning, …its middle, '' any
#     json FILTER ARGUMENT …      the filter of jq is true for what the command prints with --json
#     out_has TEXT, err_has TEXT  of the last run
#     checks_cluster              the embedded database lies in $W, too, whoever runs the script
#     checks_hold_server WORK     its server stays up to the end
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

prints() {
    local text=$1
    shift
    ok "$*: exit code 0" "$@"
    [ -z "$text" ] || check "$*: prints: $text" out_has "$text"
}

fails() {
    local code=$1 message=$2 hint=$3
    shift 3
    crmx "$@"
    check "$*: exit code $code, found $RC" [ $RC = "$code" ]
    check "$*: says: $message" err_has "$message"
    [ -z "$hint" ] || check "$*: hints: $hint" err_hints "$hint"
}
err_hints() {
    local wanted="^$1"
    [ "${1#…}" = "$1" ] || wanted=${1#…}
    sed -n 's/^HINT: /^/p; s/.*"hint": "/^/p' "$W/err" | grep -qaF -- "$wanted" || { cat "$W/err"; return 1; }
}

same() { check "$1" checks_compare "$2" "$3"; }
checks_compare() { cmp "$2" "$1" || { diff -a "$1" "$2" | head -10; return 1; }; }

out_has() { grep -qaF -- "$1" "$W/out" || { cat "$W/out" "$W/err"; return 1; }; }
err_has() { grep -qaF -- "$1" "$W/err" || { cat "$W/err" "$W/out"; return 1; }; }
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

# In memory, and removed with $W: a cluster of root would lie below /var/lib/crmx, on a disk that others use, too, and stay there.
checks_cluster() {
    chmod 711 "$W" # the server's user looks for its cluster in it
    export CRMX_DATABASE_CLUSTER_FOLDER=$W/cluster
    trap checks_end_cluster EXIT
}
# One server for all commands that follow, instead of one that each starts and stops, as in commands.sh and analyst.sh.
checks_hold_server() { # WORK
    "$CRMX" --work "$1" db psql --hold >"$W/hold" 2>&1 </dev/null &
    checks_holder=$!
    for _ in $(seq 600); do grep -q 'is up' "$W/hold" && return; sleep 0.05; done
    cat "$W/hold"
    exit 16
}
checks_end_cluster() {
    local pid=$W/cluster/data/postmaster.pid
    [ -z "${checks_holder:-}" ] || { kill "$checks_holder" && wait "$checks_holder"; } 2>/dev/null
    if [ -e "$pid" ]; then kill -INT "$(head -n 1 "$pid")"; fi
    rm -rf "$W"
}

checks_end() {
    echo "$PASSED passed, $FAILED failed"
    [ "$FAILED" = 0 ]
}
