#!/bin/bash
# Events by rule in PostgreSQL: night after night of a made-up bank, the rows of crmx.crm_event are the lines of changes.tsv, by plain SQL and
# by the file, whatever happened in between: loads killed at random calls, nights without a database, a date done again, a rollback, generations
# that were pruned, an emptied database, one restored to an earlier day. N passed, N failed.
. "$(dirname "$0")/checks.sh"
. tests/small_bank.sh
chmod 711 "$W"
work=$W/work bank=$W/bank unit=$W/work/state/units/11
DATABASE=(--set database.mode=embedded --set "database.cluster_folder=$W/clusters/one" --set "database.socket_folder=$W/socket")
mkdir -m 711 "$W/clusters"
HOLDER=
end_server() { # by its pid
    [ -z "$HOLDER" ] || { kill "$HOLDER" && wait "$HOLDER"; } 2>/dev/null
    HOLDER=
    for _ in $(seq 100); do [ -e "$W/clusters/one/data/postmaster.pid" ] || return; sleep 0.1; done
}
trap 'end_server; [ ! -e "$W/clusters/one/data/postmaster.pid" ] || kill -INT "$(head -1 "$W/clusters/one/data/postmaster.pid")"; rm -rf "$W"' EXIT
RANDOM=${SEED:-20280228}

sql() { psql -XAtq -F $'\t' -v ON_ERROR_STOP=1 -h "$W/socket" -U crmx crmx -c "$1"; }
current() { read -r id _ <"$unit/CURRENT" && echo "$id"; }
given() { # DATE [KIND]: the files of the day
    rm -rf "$work/inbox/11" && mkdir -p "$work/inbox/11"
    cp "$bank/$1/${2:-.}"/* "$work/inbox/11/" 2>/dev/null
}
night() { # KIND DATE [OPTION …]: commits, does not load
    ok "$1 $2" --work "$work" --set database.mode=none --quiet run "$1" --unit 11 --date "$2" --no-follow "${@:3}"
}
load() { ok "load of $(current)" --work "$work" "${DATABASE[@]}" --quiet db load --unit 11; }

# The rows of a night, as lines of the file.
lines_of() {
    sql "SELECT lpad(number::text, 10, '0'), rule, coalesce(old, ''), coalesce(new, '') FROM crmx.crm_event
         WHERE unit = '11' AND generation = '$1' ORDER BY position"
}
# Every night of the line on the disk: rows = lines; what crmx.event_day says = rows; no row outside of a night.
compare() { # GENERATION …
    local g
    for g in "$@"; do
        if [ -f "$unit/gen/$g/changes.tsv" ]; then tail -n +2 "$unit/gen/$g/changes.tsv"; fi >"$W/lines"
        lines_of "$g" >"$W/rows"
        cmp "$W/lines" "$W/rows" || { echo "$g: lines of the file against rows"; diff "$W/lines" "$W/rows" | head -5; return 1; }
        [ "$(sql "SELECT events FROM crmx.event_day WHERE unit = '11' AND generation = '$g'")" = "$(wc -l <"$W/lines")" ] || { echo "$g: event_day"; return 1; }
    done
    [ "$(sql "SELECT string_agg(generation, ' ' ORDER BY business_date) FROM crmx.event_day")" = "$*" ] || { sql "SELECT * FROM crmx.event_day"; return 1; }
    [ "$(sql "SELECT generation FROM crmx.applied_generation")" = "${!#}" ] || { sql "SELECT * FROM crmx.applied_generation"; return 1; }
    [ "$(sql "SELECT (SELECT count(*) FROM crmx_store.event) = (SELECT coalesce(sum(events), 0) FROM crmx.event_day)")" = t ] || return 1
    # By plain SQL, without the view: what the server itself reads in the file of the last night.
    g=${!#}
    [ -f "$unit/gen/$g/changes.tsv" ] || return 0
    cp "$unit/gen/$g/changes.tsv" "$W/copy.tsv" && chmod 644 "$W/copy.tsv"
    [ "$(psql -XAtq -v ON_ERROR_STOP=1 -h "$W/socket" -U crmx crmx <<SQL
CREATE TEMP TABLE file (number bigint, rule text, old text, new text);
\\copy file FROM '$W/copy.tsv' WITH (FORMAT text, NULL '', HEADER true)
SELECT count(*) FROM ((SELECT number, rule, old, new FROM file EXCEPT ALL SELECT number, rule, old, new FROM crmx_store.event WHERE business_date = '${g%%.*}')
    UNION ALL (SELECT number, rule, old, new FROM crmx_store.event WHERE business_date = '${g%%.*}' EXCEPT ALL SELECT number, rule, old, new FROM file)) AS different;
SQL
    )" = 0 ]
}

"$GENERATE" "$bank" --from 2028-02-26 --days 7 --customers 200 --events -late_file,-redo_file,-repeated_file >/dev/null || exit 16
"$CRMX" init "$work" --quiet
small_bank "$work"
sed -i 's/>= 500000$/>= 1000/' "$work/units/11.ini"
"$CRMX" --work "$work" "${DATABASE[@]}" db psql --hold >"$W/hold" 2>&1 &
HOLDER=$!
for _ in $(seq 300); do grep -q 'is up' "$W/hold" && break; sleep 0.1; done

given 2028-02-26 unload
night initial 2028-02-26
load
check "an initial load has no events" compare 2028-02-26.001.1
given 2028-02-27
night daily 2028-02-27
load
line="2028-02-26.001.1 2028-02-27.001.1"
check "a night" compare $line
check "there are events" [ "$(sql "SELECT count(DISTINCT rule) FROM crmx.crm_event")" = 2 ]
check "the reason codes, too" [ "$(sql "SELECT count(*) > 0 AND bool_and(reason_1 IS NOT NULL OR score <= 0) FROM crmx.crm_customer")" = t ]

# Killed at any call of the load: readers see the old night or the new one, whole; the same command brings the rest.
given 2028-02-28
night daily 2028-02-28
CRMX_CALL_LOG=$W/calls "$CRMX" --work "$work" "${DATABASE[@]}" --quiet db rebuild --unit 11 --generation 2028-02-27.001.1 >"$W/out" 2>"$W/err"
calls=$(wc -l <"$W/calls")
check "calls of the events are counted" grep -q load_event_forget "$W/calls"
killed=0
for _ in 1 2 3 4 5; do
    # The later half: that is where the database is written.
    { CRMX_CRASH_AT=$((calls / 2 + RANDOM % (calls / 2))) "$CRMX" --work "$work" "${DATABASE[@]}" --quiet db load --unit 11 >"$W/out"; } 2>"$W/err"
    [ $? -le 128 ] || killed=$((killed + 1))
    if [ "$(sql "SELECT generation FROM crmx.applied_generation")" = 2028-02-28.001.1 ]; then check "killed: the new night" compare $line 2028-02-28.001.1; else check "killed: the old one" compare $line; fi
    load
    check "loaded again" compare $line 2028-02-28.001.1
    ok "back" --work "$work" "${DATABASE[@]}" --quiet db rebuild --unit 11 --generation 2028-02-27.001.1
    check "back: the later night is gone" compare $line
done
check "loads were killed" [ $killed -ge 3 ]
load
line="$line 2028-02-28.001.1"

# The database is down for two nights, over a month's end; then it is restored to the day before.
sql "CREATE TABLE public.saved_event AS SELECT * FROM crmx_store.event; CREATE TABLE public.saved_day AS SELECT * FROM crmx.event_day" >/dev/null
for date in 2028-02-29 2028-03-01; do given $date && night daily $date; done
load
line="$line 2028-02-29.001.1 2028-03-01.001.1"
check "two nights at once" compare $line
sql "DELETE FROM crmx_store.event; DELETE FROM crmx.event_day; INSERT INTO crmx_store.event SELECT * FROM public.saved_event;
     INSERT INTO crmx.event_day SELECT * FROM public.saved_day; DROP TABLE public.saved_event, public.saved_day" >/dev/null
load
check "restored to an earlier day, replayed from there" compare $line

# A date done again; a rollback, and other nights after it.
given 2028-03-01
sed -i 's/>= 1000$/>= 2000/' "$work/units/11.ini"
night daily 2028-03-01 --redo --reason test
load
line="${line% *} 2028-03-01.002.1"
check "a date done again" compare $line
ok "rolled back" --work "$work" --quiet generation rollback --unit 11 --to 2028-02-28 --reason test
ok "the database follows" --work "$work" "${DATABASE[@]}" --quiet db rebuild --unit 11 --generation 2028-02-28.001.1
line="2028-02-26.001.1 2028-02-27.001.1 2028-02-28.001.1"
check "rolled back: later nights are gone" compare $line
for date in 2028-02-29 2028-03-01 2028-03-02; do given $date && night daily $date; done
load
line="$line 2028-02-29.002.1 2028-03-01.003.1 2028-03-02.001.1"
check "other nights instead" compare $line

# What was pruned stays in the database; what is on the disk comes back into an emptied one.
ok "prune" --work "$work" --quiet generation prune --unit 11 --keep 1
check "the first nights were pruned" [ ! -e "$unit/gen/2028-02-27.001.1" ]
before=$(sql "SELECT md5(string_agg(e::text, '|' ORDER BY e::text)) FROM crmx.crm_event e")
ok "rebuild" --work "$work" "${DATABASE[@]}" --quiet db rebuild --unit 11
check "a rebuild keeps the history" [ "$(sql "SELECT md5(string_agg(e::text, '|' ORDER BY e::text)) FROM crmx.crm_event e")" = "$before" ]
sql "DELETE FROM crmx_store.event; DELETE FROM crmx.event_day" >/dev/null
ok "rebuild of an emptied one" --work "$work" "${DATABASE[@]}" --quiet db rebuild --unit 11
check "the nights on the disk, the month end among them" compare 2028-02-29.002.1 2028-03-02.001.1
ok "only this month is kept" --work "$work" "${DATABASE[@]}" --set database.event_months=1 --quiet db rebuild --unit 11
check "the month before is gone" compare 2028-03-02.001.1
check "its table, too" [ "$(sql "SELECT count(*) FROM pg_class WHERE relname = 'event_11_202802'")" = 0 ]
end_server
checks_end
