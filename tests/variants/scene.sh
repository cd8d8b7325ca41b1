# scene.sh: what the runs of tests/variants, tests/crash and tests/mutants share; sourced by bash.
#
# A scene is a working folder with a configuration and an inbox that can be put back as it was:
#     scene_samples DIR CUSTOMERS [LIMIT]   the delivered template, with made-up data of so many customers (samples/generate);
#                                    LIMIT: reject_limit of every layout (of a few customers many are spoilt)
#     scene_bench DIR DATA           the configuration of the bench job over files that exist; they are linked, never changed
#     scene_fresh DIR                no state, the inbox full again
#     scene_run DIR [OPTION]...      the initial load; output in $scene_out, messages in $scene_err, exit code in $scene_code
# The program is $CRMX, else build/release/crmx of this source tree; set before scene_run: scene_environment (NAME=VALUE words).

scene_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scene_program=${CRMX:-$scene_root/build/release/crmx}
scene_generate=${GENERATE:-$(dirname "$scene_program")/samples/generate}
scene_date=2026-10-31
scene_bench_data=${CRMX_BENCH:-/tmp/crmx-bench}/s0.1
scene_environment=

scene_need_programs() {
    [ -x "$scene_program" ] && [ -x "$scene_generate" ] && return
    echo "there is no \"$scene_program\" or no \"$scene_generate\"; build them: make all" >&2
    exit 16
}

# A folder for everything, removed at the end. In memory where there is room: what is tested is the order of calls, not the disk.
scene_folder() {
    local base=${TMPDIR:-/tmp}
    if [ -w /dev/shm ] && [ "$(df --output=avail /dev/shm | tail -1)" -gt 1000000 ]; then base=/dev/shm; fi
    scene_home=$(mktemp -d "$base/crmx-$1.XXXXXX") || exit 16
    scene_out=$scene_home/out.txt
    scene_err=$scene_home/err.txt
    trap 'rm -rf "$scene_home"' EXIT
    trap 'exit 130' INT TERM
}

scene_samples() {
    mkdir -p "$1/inbox"
    cp -r "$scene_root/config/template/." "$1/"
    "$scene_generate" "$1/inbox/11" --customers "$2" --date $scene_date > /dev/null || exit 16
    if [ -n "$3" ]; then
        sed -i "s/^reject_limit .*/reject_limit = $3/" "$1"/layouts/*.ini
        sed -i 's/^orphans .*/orphans = off/' "$1/units/11.ini"
    fi
    cp -r "$1/inbox" "$1/inbox.full"
    echo 11 > "$1/unit"
}

scene_bench() {
    mkdir -p "$1/inbox/44"
    cp -r "$scene_root/tests/bench/config/." "$1/"
    cp -s "$2"/* "$1/inbox/44/"
    cp -r -P "$1/inbox" "$1/inbox.full"
    # The files stay where they are: a copy would cost more than the run, a link is refused across file systems.
    sed -i 's/^take .*/take = copy/' "$1/units/44.ini"
    echo 44 > "$1/unit"
}

scene_fresh() {
    rm -rf "$1/state" "$1/deliver" "$1/inbox"
    cp -r -P "$1/inbox.full" "$1/inbox"
}

scene_run() {
    local dir=$1
    shift
    # In the background, so that bash does not announce every process that is killed.
    env $scene_environment "$scene_program" run initial --work "$dir" --unit "$(cat "$dir/unit")" --date $scene_date --no-follow \
        --json "$@" > "$scene_out" 2> "$scene_err" &
    wait $! 2> /dev/null
    scene_code=$?
    [ $scene_code = 0 ] || sed -i 's/\\u0022/"/g; s/\\u000a/\n/g' "$scene_out" "$scene_err"
}

# The unit's state folder, and its only generation.
scene_state() { echo "$1/state/units/$(cat "$1/unit")"; }
scene_generation() { echo "$(scene_state "$1")"/gen/*; }

# A number of the run's JSON.
scene_number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$scene_out"; }

# The files of a folder with their hashes, one a line; patterns to leave out follow.
scene_fingerprint() {
    local folder=$1 names=() pattern
    shift
    for pattern in "$@"; do names+=(! -path "./$pattern"); done
    (cd "$folder" && find . -type f "${names[@]}" -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum)
}

# What lies in a unit's state besides the one generation and the one run folder as a finished run leaves it. Prints nothing when
# all is as it should be. Attempts that failed keep what they had built, for whoever looks for the cause.
scene_leftovers() {
    local state
    state=$(scene_state "$1")
    (
        cd "$state" || exit
        ls -A | grep -vxE 'CURRENT|epoch|gate|gen|lock|numbers|run' | sed 's/^/state: /'
        [ "$(ls -A gen | wc -l)" = 1 ] || ls -A gen | sed 's/^/gen: /'
        [ "$(cut -d' ' -f1 CURRENT)" = "$(ls -A gen)" ] || echo "CURRENT names $(cat CURRENT)"
        grep -q "	committed	" "run/$(ls -A gen)/journal" || echo "the journal does not say committed"
        [ -d "run/$(ls -A gen)" ] || echo "no run folder for $(ls -A gen)"
        ls -A "run/$(ls -A gen)" | grep -vxE 'in|journal|param' | sed 's/^/run: /'
        find . \( -name '*.tmp' -o -name '*.part' -o -name '*.spill' \) ! -path './run/*/gen.tmp' | sed 's/^/left: /'
    )
}

# Counting: scene_pass, scene_fail "what" "why"…, scene_summary NAME.
scene_passed=0
scene_failed=0
scene_pass() { scene_passed=$((scene_passed + 1)); }
scene_fail() {
    scene_failed=$((scene_failed + 1))
    echo "FAILED $1"
    shift
    printf '%s\n' "$@" | head -12 | sed 's/^/    /'
}
scene_summary() {
    echo "$1: $scene_passed passed, $scene_failed failed"
    [ $scene_failed = 0 ]
}
