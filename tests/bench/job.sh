# job.sh: sourced by run and gate. The bench job side by side: prepares data, runs peers alternately, compares every output, medians.
# Uses the generator and the DuckDB job of the shared bench folder (CRMX_SHARED or ../shared); that folder is not part of crmx.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
shared=${CRMX_SHARED:-$root/../shared}/bench
work=${BENCH_WORK:-${TMPDIR:-/tmp}/crmx-bench}
threshold=100000000

have_bench() { [ -f "$shared/gen.c" ] && [ -f "$shared/duck.mjs" ]; }

# prepare SCALE: generator, DuckDB from npm, data
prepare() {
    mkdir -p "$work"
    [ "$work/gen" -nt "$shared/gen.c" ] || gcc -O2 -ffp-contract=off -w -o "$work/gen" "$shared/gen.c" -lm
    if [ ! -d "$work/node_modules/@duckdb" ]; then
        cp "$shared/package.json" "$work/"
        (cd "$work" && npm install --silent --no-audit --no-fund >npm.log 2>&1) || { tail -5 "$work/npm.log"; return 1; }
    fi
    cp "$shared/duck.mjs" "$work/duck.mjs"
    if [ ! -d "$work/s$1" ]; then
        rm -rf "$work/s$1.part"
        mkdir -p "$work/s$1.part"
        "$work/gen" "$work/s$1.part" "$1" && mv "$work/s$1.part" "$work/s$1"
        sync -f "$work"
    fi
}

# warm DATA SCALE: before each timed run: the inputs in the page cache, and memory that the machine has in hand; one that lives below
# others gives pages back after a large process, and whoever runs next would pay for fetching them again.
warm() {
    cat "$1"/* >/dev/null
    python3 -c 'import mmap, sys
size = int(sys.argv[1]) << 20
memory = mmap.mmap(-1, size)
memory.madvise(mmap.MADV_HUGEPAGE)
for at in range(0, size, 4096): memory[at] = 1' $((1500 * ${2%%.*} + 1500))
}

# one PEER SCALE: seconds of one run into the variable `seconds`; its output is in $work/out_PEER
one() {
    local peer=$1 scale=$2 start stop
    rm -rf "$work/out_$peer"
    mkdir -p "$work/out_$peer"
    warm "$work/s$scale" "$scale"
    start=$(date +%s%N)
    case $peer in
    duck) node "$work/duck.mjs" "$work/s$scale" "$work/out_duck" $threshold 2 >"$work/log_duck" 2>&1 ;;
    crmx) "$here/crmx-job" "$work/s$scale" "$work/out_crmx" $threshold >"$work/log_crmx" 2>&1 ;;
    esac || { echo "$peer failed:"; tail -5 "$work/log_$peer"; return 1; }
    stop=$(date +%s%N)
    seconds=$(awk -v a="$start" -v b="$stop" 'BEGIN { printf "%.3f", (b - a) / 1e9 }')
}

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# same_output: the six CRM files, REJECT byte for byte, CONTROL as a set of lines
same_output() {
    local f
    for f in CRMCUST CRMCONT CRMRTL CRMCRD CRMLON CRMFND REJECT; do cmp "$work/out_duck/$f" "$work/out_crmx/$f" || return 1; done
    diff <(sort "$work/out_duck/CONTROL") <(sort "$work/out_crmx/CONTROL")
}

# pairs SCALE RUNS: prints every run; sets ratio, duck_median, crmx_median; fails when an output differs
pairs() {
    local scale=$1 runs=$2 r
    : >"$work/duck.times"
    : >"$work/crmx.times"
    for r in $(seq "$runs"); do
        one duck "$scale" || return 1
        echo "$seconds" >>"$work/duck.times"
        local duck=$seconds
        one crmx "$scale" || return 1
        echo "$seconds" >>"$work/crmx.times"
        same_output || { echo "run $r: the outputs differ"; return 1; }
        echo "run $r: duckdb $duck s, crmx $seconds s, outputs identical"
    done
    duck_median=$(median <"$work/duck.times")
    crmx_median=$(median <"$work/crmx.times")
    ratio=$(awk -v d="$duck_median" -v c="$crmx_median" 'BEGIN { printf "%.2f", d / c }')
}
