#!/bin/bash
# crmx db list and db drop: a real cluster of a working folder, running and stopped; orphaned when that folder is gone; in use; killed. N passed, N failed.
. "$(dirname "$0")/checks.sh"
chmod 711 "$W"
CLUSTERS=$W/clusters
mkdir -m 711 "$CLUSTERS"
DATABASE=(--set database.mode=embedded --set "database.cluster_folder=$CLUSTERS/one")
HOLDER=
end_holder() { [ -z "$HOLDER" ] || { kill "$HOLDER" && wait "$HOLDER"; } 2>/dev/null; HOLDER=; }
trap 'end_holder; [ ! -e "$CLUSTERS/one/data/postmaster.pid" ] || kill -INT "$(head -1 "$CLUSTERS/one/data/postmaster.pid")"; rm -rf "$W"' EXIT

"$CRMX" init "$W/work" --quiet
ok "a cluster is made" --work "$W/work" db psql "${DATABASE[@]}" --command "select 1"
cd "$W" || exit 16
json "length == 1 and .[0] == {cluster: \"$CLUSTERS/one\", state: \"owned\", server: \"stopped\", pid: null, work_folder: \"$W/work\"}" db list --folder "$CLUSTERS"
mkdir "$CLUSTERS/of_somebody_else"
json 'length == 1' db list --folder "$CLUSTERS"
json '. == []' db list --folder "$W/nothing"
ok "an owned one is not dropped" db drop --orphaned --yes --folder "$CLUSTERS"
check "none was" err_has "0 databases removed"
check "the data are there" test -e "$CLUSTERS/one/data/PG_VERSION"

"$CRMX" --work "$W/work" db psql "${DATABASE[@]}" --hold >"$W/hold" 2>&1 &
HOLDER=$!
for _ in $(seq 300); do grep -q 'is up' "$W/hold" && break; sleep 0.1; done
json '.[0].server == "running" and .[0].state == "owned"' db list --folder "$CLUSTERS"
SERVER=$(head -1 "$CLUSTERS/one/data/postmaster.pid")
check "its pid" test "$(jq '.[0].pid' "$W/out")" = "$SERVER"
json "map(select(.cluster == \"$CLUSTERS/one\")) | length == 1 and .[0].pid == $SERVER" db list

rm -r "$W/work"
json '.[0].state == "ORPHANED" and .[0].server == "running"' db list --folder "$CLUSTERS"
crmx db list --folder "$CLUSTERS"
check "the next command" err_has "crmx db drop --orphaned"
ok "without --yes" db drop --orphaned --folder "$CLUSTERS"
check "it is only said" err_has "1 databases would be removed"
check "whose it is" err_has "would remove the database of working folder \"$W/work\", which is gone"
check "and all is there" kill -0 "$SERVER"
crmx db drop --folder "$CLUSTERS" --yes
check "only orphaned ones, and that has to be said" test "$RC" = 16
check "not that of this working folder" err_has "whose working folder is gone, not the one of this working folder"
crmx db drop --orphaned --yes --folder "$CLUSTERS"
check "one that is used is refused" test "$RC" = 2
check "with the reason" err_has "users.lock\" is still locked by another process"
check "its server goes on" kill -0 "$SERVER"

# The holder is killed: its server goes on without anybody, for nobody.
kill -9 "$HOLDER"
wait "$HOLDER" 2>/dev/null
HOLDER=
json '.[0].server == "running"' db list --folder "$CLUSTERS"
SOCKETS=$(sed -n "s/^unix_socket_directories = '\"\(.*\)\"'/\1/p" "$CLUSTERS/one/postgresql.conf")
check "its socket folder" test -d "$SOCKETS"
cp "$CLUSTERS/one/work_folder" "$W/note"
rm "$CLUSTERS/one/work_folder"
json '.[0].state == "unknown" and .[0].work_folder == null' db list --folder "$CLUSTERS"
ok "one that does not say whose it is" db drop --orphaned --yes --folder "$CLUSTERS"
check "is left alone" err_has "0 databases removed"
cp "$W/note" "$CLUSTERS/one/work_folder"
ok "dropped" db drop --orphaned --yes --folder "$CLUSTERS"
check "one" err_has "1 databases removed"
check "its server is gone" test ! -e "/proc/$SERVER/cwd"
check "the cluster is gone" test ! -e "$CLUSTERS/one"
check "the socket folder is gone" test ! -e "$SOCKETS"
check "what stands beside it is not" test -d "$CLUSTERS/of_somebody_else"
json '. == []' db list --folder "$CLUSTERS"

# Killed while it removed: the same command goes on.
DATABASE=(--set database.mode=embedded --set "database.cluster_folder=$CLUSTERS/two")
"$CRMX" init "$W/work" --quiet
ok "another" --work "$W/work" db psql "${DATABASE[@]}" --command "select 1"
rm -r "$W/work"
CRMX_CALL_LOG=$W/calls "$CRMX" db drop --orphaned --folder "$CLUSTERS" >/dev/null 2>&1
first=$(wc -l <"$W/calls")
for at in $((first + 3)) 100 500 800; do (CRMX_CRASH_AT=$at "$CRMX" db drop --orphaned --yes --folder "$CLUSTERS" >/dev/null 2>&1) 2>/dev/null; done
check "it was killed on its way" test -d "$CLUSTERS/two"
json '.[0].state == "ORPHANED"' db list --folder "$CLUSTERS"
ok "the same command" db drop --orphaned --yes --folder "$CLUSTERS"
check "all is gone" test ! -e "$CLUSTERS/two"
checks_end
