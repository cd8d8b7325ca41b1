#!/bin/bash
# The database outside the unit tests' own circumstances:
#   1. the embedded cluster, the load and its crashes as an ordinary user (the unit tests run as whoever runs them, often root);
#   2. the load into a bank's own server: TCP, a password, a role without special rights, wal_level = replica.
# Private servers in folders of their own, ended by their pid.
#
#     tests/integration/database.sh          BUILD=build/release chooses the build
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${BUILD:-build/release}
tests=(test_database test_load test_load_crash)
make -s BUILD="$build" "${tests[@]/#/$build/tests/etl/}"

# Kills and faults are those of the unit tests; here one of each shows that the other user makes no difference.
export CRMX_TEST_ROUNDS=${CRMX_TEST_ROUNDS:-1}
as_user=()
user=$(id -un)
if [ "$(id -u)" = 0 ]; then
    user=nobody
    as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent)
fi

passed=0
count() { # LOG: what a test program passed
    passed=$((passed + $(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$1")))
}

echo "1. as user $user"
for t in "${tests[@]}"; do
    "${as_user[@]}" "$build/tests/etl/$t" >"/tmp/crmx_database.$$" 2>&1 || {
        cat "/tmp/crmx_database.$$"
        rm -f "/tmp/crmx_database.$$"
        exit 1
    }
    count "/tmp/crmx_database.$$"
done
rm -f "/tmp/crmx_database.$$"

echo "2. a server of the bank, by URL"
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
folder=$(mktemp -d "${TMPDIR:-/tmp}/crmx_bank.XXXXXX")
server=
finish() {
    [ -z "$server" ] || { kill -INT "$server" && tail --pid="$server" -f /dev/null; } 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
[ "$(id -u)" != 0 ] || chown nobody:nogroup "$folder"
port=$((20000 + $$ % 20000))
echo 'top-Secret 1' >"$folder/password"
chmod 644 "$folder/password"
"${as_user[@]}" "$programs/initdb" -D "$folder/data" -U bank_admin --pwfile="$folder/password" --auth=scram-sha-256 -E UTF8 \
    --locale=C --no-instructions >"$folder/log" 2>&1
"${as_user[@]}" "$programs/postgres" -D "$folder/data" -p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c wal_level=replica >>"$folder/log" 2>&1 &
server=$!
admin="postgresql://bank_admin@127.0.0.1:$port/postgres"
for _ in $(seq 200); do
    PGPASSWORD='top-Secret 1' psql -XAtq "$admin" -c 'SELECT 1' >/dev/null 2>&1 && break
    kill -0 "$server" || { cat "$folder/log"; exit 1; }
    sleep 0.05
done
PGPASSWORD='top-Secret 1' psql -Xq -v ON_ERROR_STOP=1 "$admin" -c "CREATE ROLE crm_loader LOGIN PASSWORD 'loader'" \
    -c "CREATE DATABASE crm OWNER crm_loader TEMPLATE template0"
CRMX_TEST_URL="postgresql://crm_loader:loader@127.0.0.1:$port/crm" "$build/tests/etl/test_load" >"$folder/out" 2>&1 || {
    cat "$folder/out"
    exit 1
}
count "$folder/out"
echo "$passed passed, 0 failed"
