# nights.sh: what the scripts about nights of a made-up bank share; sourced by bash. Sets crmx, generate, scratch (removed at the end),
# work, bank, unit (state of unit 11), passed, failed.
#
#     check NAME COMMAND …        passes when the command does
#     run ARGUMENT …              the program without a database: $scratch/out, $scratch/err, exit code in $code
#     exits CODE ARGUMENT …       run, and the exit code is this one
#     give DATE                   the bank's files of a day into the inbox
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 16
MODE=${MODE:-release}
crmx=${CRMX:-$PWD/build/$MODE/crmx} generate=${GENERATE:-$PWD/build/$MODE/samples/generate}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/crmx-$(basename "$0" .sh).XXXXXX") || exit 16
trap 'rm -rf "$scratch"' EXIT
work=$scratch/work bank=$scratch/bank unit=$scratch/work/state/units/11
passed=0 failed=0
. tests/small_bank.sh

check() {
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED $name: $*" && tail -3 "$scratch/err"; fi
}
run() {
    "$crmx" --work "$work" --set database.mode=none "$@" >"$scratch/out" 2>"$scratch/err"
    code=$?
}
exits() { run "${@:2}"; [ $code = "$1" ]; }
out_has() { grep -qF -- "$1" "$scratch/out"; }
err_has() { grep -qF -- "$1" "$scratch/err"; }
give() { find "$bank/$1" -maxdepth 1 -type f -exec cp {} "$work/inbox/11/" \;; }
