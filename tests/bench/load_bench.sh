#!/bin/bash
# Step 110 against psql's binary \copy: the same rows into the same kind of table, on the same private server.
#
#     tests/bench/load_bench.sh [CUSTOMERS [ACCOUNTS [ROUNDS [ENCODING]]]]      default 200000 1000000 5 utf-8
#
# Both sides make a new table, COPY with FREEZE, build the same indexes, ANALYZE and commit (synchronous_commit = on, fsync = on,
# wal_level = minimal). psql gets its rows ready-made in PostgreSQL's own binary format; crmx reads fixed-width text, checks
# and converts every byte of it. Runs alternate; medians of wall time; "COPY" is the time of the COPY statements alone, by the
# server's log. A ratio is psql's time / crmx's time: 1.00 = as fast, more = faster.
set -euo pipefail
customers=${1:-200000} accounts=${2:-1000000} rounds=${3:-5} encoding=${4:-utf-8}
cd "$(dirname "$0")/../.."
build=${BUILD:-build/release}
program=$build/tests/bench/load_bench
make -s BUILD="$build" "$program" >/dev/null
folder=$(mktemp -d "${TMPDIR:-/tmp}/crmx_load_bench.XXXXXX")
chmod 711 "$folder"
mkfifo "$folder/until"
holder=
finish() {
    exec 9>&- || true
    [ -z "$holder" ] || wait "$holder" || true
    rm -rf "$folder"
}
trap finish EXIT

"$program" generate "$folder" "$customers" "$accounts" "$encoding"
"$program" hold "$folder" <"$folder/until" >"$folder/psql" &
holder=$!
exec 9>"$folder/until"
while [ ! -s "$folder/psql" ]; do kill -0 "$holder"; sleep 0.05; done
psql=(psql -X -q -v ON_ERROR_STOP=1 -h "$folder/socket" -U crmx -d crmx)
log=$folder/cluster/server.log

echo "log_min_duration_statement = 0" >"$folder/cluster/local.conf"
chmod 644 "$folder/cluster/local.conf"
"${psql[@]}" -c "SELECT pg_reload_conf()" >/dev/null

customer_columns=number,customer_type,id_type,id_key,name,sex,birth,phone,mobile,address,zip,branch,manager,opened,system,source_no
customer_columns+=,score,tier,demand_cny,demand_fx,fixed_cny,fixed_cny_term,card_cny,loan_balance,loan_term,fund_balance
account_columns=number,system,source_no,account,sub_account,currency,cash_flag,kind,status,balance,term,opened,maturity,rate,branch,layout

now() { date +%s%N; }

# The table, its rows and its indexes as load_run makes them: by the same statements of sql/query.
with_psql() {
    "${psql[@]}" <<X >/dev/null
BEGIN;
CREATE TABLE crmx_store.bench_deposit (LIKE crmx_store.crm_deposit INCLUDING DEFAULTS, CHECK (unit = '11' AND load_no = 1)) WITH (autovacuum_enabled = off);
ALTER TABLE crmx_store.bench_deposit ALTER unit SET DEFAULT '11', ALTER load_no SET DEFAULT 1;
\copy crmx_store.bench_deposit ($account_columns) FROM '$folder/deposit.bin' (FORMAT binary, FREEZE)
CREATE INDEX ON crmx_store.bench_deposit (number);
CREATE INDEX ON crmx_store.bench_deposit (account);
ANALYZE crmx_store.bench_deposit;
COMMIT;
BEGIN;
CREATE TABLE crmx_store.bench_customer (LIKE crmx_store.crm_customer INCLUDING DEFAULTS, CHECK (unit = '11' AND load_no = 1)) WITH (autovacuum_enabled = off);
ALTER TABLE crmx_store.bench_customer ALTER unit SET DEFAULT '11', ALTER load_no SET DEFAULT 1;
\copy crmx_store.bench_customer ($customer_columns) FROM '$folder/customer.bin' (FORMAT binary, FREEZE)
CREATE UNIQUE INDEX ON crmx_store.bench_customer (number, unit, load_no);
CREATE INDEX ON crmx_store.bench_customer (id_key);
CREATE INDEX ON crmx_store.bench_customer (source_no);
ANALYZE crmx_store.bench_customer;
COMMIT;
X
}

generation=0
with_crmx() { # CONNECTIONS
    generation=$((generation + 1))
    "$program" load "$folder" "$customers" "$accounts" "$encoding" "2026-10-31.$generation.1" "$1" >/dev/null
}

# Runs a side; appends its wall time and its COPY time in ms to FOLDER/NAME.wall and NAME.copy.
measure() { # NAME COMMAND...
    local name=$1 from begin end
    shift
    "${psql[@]}" -c "SET client_min_messages = warning" -c "DROP TABLE IF EXISTS crmx_store.bench_deposit, crmx_store.bench_customer" -c CHECKPOINT
    from=$(stat -c %s "$log")
    begin=$(now)
    "$@"
    end=$(now)
    echo $(((end - begin) / 1000000)) >>"$folder/$name.wall"
    tail -c "+$((from + 1))" "$log" | sed -n 's/.*duration: \([0-9.]*\) ms  statement: COPY .*/\1/p' |
        awk '{s += $1} END {printf "%d\n", s}' >>"$folder/$name.copy"
}
median() { sort -n "$folder/$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

with_crmx 1 # gives psql its rows, and warms up
"${psql[@]}" -c "\copy (SELECT $account_columns FROM crmx.crm_deposit) TO '$folder/deposit.bin' (FORMAT binary)" \
    -c "\copy (SELECT $customer_columns FROM crmx.crm_customer) TO '$folder/customer.bin' (FORMAT binary)"
for ((i = 0; i < rounds; i++)); do
    measure psql with_psql
    measure crmx1 with_crmx 1
    measure crmx2 with_crmx 2
done
rows=$((customers + accounts))
awk -v rows=$rows -v pw="$(median psql.wall)" -v pc="$(median psql.copy)" -v ow="$(median crmx1.wall)" -v oc="$(median crmx1.copy)" \
    -v tw="$(median crmx2.wall)" 'BEGIN {
    printf "%d rows (%s), medians of %d rounds\n", rows, "'"$encoding"'", '"$rounds"'
    printf "%-38s %8s %12s %7s\n", "", "ms", "rows/s", "ratio"
    printf "%-38s %8d %12d\n", "COPY alone       psql \\copy binary", pc, rows * 1000 / pc
    printf "%-38s %8d %12d %7.2f\n", "COPY alone       crmx, 1 connection", oc, rows * 1000 / oc, pc / oc
    printf "%-38s %8d %12d\n", "with indexes     psql \\copy binary", pw, rows * 1000 / pw
    printf "%-38s %8d %12d %7.2f\n", "with indexes     crmx, 1 connection", ow, rows * 1000 / ow, pw / ow
    printf "%-38s %8d %12d %7.2f\n", "with indexes     crmx, 2 connections", tw, rows * 1000 / tw, pw / tw
}'
