#!/bin/bash
# Step 120 against real servers: pyftpdlib (also with ordered failures), vsftpd, ProFTPD with mod_digest, OpenSSH; kill -9 and
# failing calls at every place of a delivery, after which the same command must give the same bytes.
#
#     tests/integration/deliver.sh [PART …]     parts: folder ftp faults consumes order tls vsftpd proftpd sftp security
#
# STEP=1 dies at every call of a delivery into a folder and to an FTP server; the default, 4, at every fourth one.
# Builds its driver (tests/integration/deliver_driver.c) with make. Servers that are not installed are skipped by name.
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
MODE=${MODE:-release}
STEP=${STEP:-4}
DRIVER=${DRIVER:-$TOP/build/$MODE/tests/integration/deliver_driver}
# libcurl 7.88 leaks a handle of libssh2 when a remote file is shorter than asked for (etl/transfer_sftp.c).
export LSAN_OPTIONS="suppressions=$HERE/deliver_lsan.txt:print_suppressions=0"
# Memory, where there is: thousands of fsyncs take a minute on a disk, and kill -9 does not lose the page cache anyway.
W=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" crmx_deliver.XXXXXX)
PASSED=0 FAILED=0 SKIPPED=""
. "$HERE/deliver_servers.sh"
trap 'stop_servers; chmod -R u+w "$W"; rm -rf "$W"' EXIT
trap 'exit 130' INT TERM

# --- checks ---

pass() { PASSED=$((PASSED + 1)); }
fail() { # TEXT
    FAILED=$((FAILED + 1))
    echo "FAILED: $PART: $1"
    [ -s "$W/output" ] && sed 's/^/    /' "$W/output"
}
check() { # TEXT COMMAND …
    local text=$1
    shift
    if "$@"; then pass; else fail "$text"; fi
}
output_has() { grep -qF -- "$1" "$W/output"; }
output_lacks() { ! output_has "$1"; }
skip() { SKIPPED="$SKIPPED $PART"; }

# --- sets and targets ---

SECRET='Geheim-7731'
make_sets() {
    echo "$SECRET" >"$W/password"
    chmod 600 "$W/password"
    mkdir -p "$W/set1" "$W/set2" "$W/other"
    seq -f 'customer %08.0f' 1 12000 >"$W/set1/CRMCUST"
    : >"$W/set1/CRMEMPTY"
    seq -f 'tomorrow %08.0f' 1 500 >"$W/set2/CRMCUST"
    seq -f 'customer %08.0f' 1 12001 >"$W/other/CRMCUST"
    : >"$W/other/CRMEMPTY"
}

target() { # NAME lines of [target crm] on stdin; keeps the ledger of NAME
    UNIT=$W/$1.ini
    LEDGERS=$W/$1.ledgers
    { echo "[target crm]"; cat; echo "retry_wait = 20ms"; } >"$UNIT"
}
ftp_target() { # NAME [more lines]
    local timeout="timeout = 5s"
    [[ "${2:-}" == *timeout* ]] && timeout=
    target "$1" < <(printf 'kind = ftp\nplain_ftp = allowed\nurl = ftp://bank@127.0.0.1:%s/in\npassword_file = password\n%s\n%s\n' \
        "$PORT" "$timeout" "${2:-}")
}

run() { # SET [FOLDER [GENERATION [BASIS]]] → RC, output
    "$DRIVER" run "$UNIT" 11 crm "$LEDGERS" "$1" "${2:-$W/set1}" ${3:+"$3"} ${4:+"$4"} >"$W/output" 2>&1
    RC=$?
}
expect() { # TEXT RC [PART OF THE OUTPUT]
    check "$1: exit code $2, was $RC" [ "$RC" = "$2" ]
    [ -z "${3:-}" ] || check "$1: says \"$3\"" output_has "$3"
}
decide() { # confirm|resend SET
    "$DRIVER" "$1" 11 crm "$LEDGERS" "$2" li "asked the receiver by telephone" >"$W/output" 2>&1
    RC=$?
}
order_fault() { echo "$2" >"$W/$1.faults"; } # SERVER "NAME COUNT [NUMBER]"
ledger_has() { grep -qF -- "$1" "$LEDGERS/crm.ledger"; }

# The set's folder holds exactly the reference bytes, and no .part.
same_as_golden() { diff -r "$W/golden/11.20261120.001" "$1" >>"$W/output" 2>&1; }
arrived() { check "$1: the bytes at the target" same_as_golden "$2"; }
fresh() { rm -rf "$LEDGERS" "$1"; mkdir -p "$1"; }

# kill -9 (or a failing call) at every STEPth call; then the same command, which must end with the reference bytes.
countdown() { # CRMX_CRASH_AT|CRMX_FAULT_AT STEP FOLDER-AT-TARGET
    local broken=0 at calls
    fresh "$3"
    CRMX_CALL_LOG=$W/calls run 20261120.1
    calls=$(grep -c . "$W/calls")
    rm -f "$W/calls"
    for ((at = 1; at <= calls; at += $2)); do
        fresh "$3"
        { export "$1=$at"; run 20261120.1; unset "$1"; } 2>/dev/null # bash would announce each "Killed"
        [ "$1" = CRMX_CRASH_AT ] && [ "$RC" != 137 ] && broken=$((broken + 1))
        run 20261120.1
        [ "$RC" = 0 ] && same_as_golden "$3/11.20261120.001" && continue
        broken=$((broken + 1))
        echo "    $1=$at: exit code $RC"
        sed 's/^/        /' "$W/output"
    done
    check "$1 at each of $calls calls (step $2): the same bytes" [ "$calls" -gt 50 -a "$broken" = 0 ]
}

# --- parts ---

part_folder() {
    target folder < <(printf 'directory = folder\n')
    run 20261120.1
    expect "first" 0 "DELIVERED sent=4"
    arrived "first" "$W/folder/11.20261120.001"
    run 20261120.1
    expect "again" 0 "DELIVERED sent=0 bytes=0 retries=0 already"
    run 20261120.1 "$W/other"
    expect "other bytes under a delivered set" 12 "the next sequence number"
    countdown CRMX_CRASH_AT "$STEP" "$W/folder"
    countdown CRMX_FAULT_AT 4 "$W/folder"
    target flat < <(printf 'directory = flat\nset_folder =\nfile_name = {name}_{unit}_{date}_{seq}.dat\n')
    run 20261120.1
    check "without a set folder" cmp -s "$W/set1/CRMCUST" "$W/flat/CRMCUST_11_20261120_001.dat"
}

part_ftp() {
    start_python ftp || { skip; return; }
    mkdir -p "$W/ftp/in"
    ftp_target ftp
    run 20261120.1
    expect "first" 0 "DELIVERED sent=4"
    arrived "first" "$W/ftp/in/11.20261120.001"
    countdown CRMX_CRASH_AT "$STEP" "$W/ftp/in"
    countdown CRMX_FAULT_AT 6 "$W/ftp/in"
    fresh "$W/ftp/in"
    stop_server "$PID"
    run 20261120.1
    expect "server down" 8 "committed, not delivered"
    check "server down: hint" output_has "HINT: when the target answers again, go on with: crmx delivery run --unit 11 --target crm"
    start_python ftp
    ftp_target ftp
    run 20261120.1
    expect "server up again" 0 "DELIVERED sent=4"
    arrived "server up again" "$W/ftp/in/11.20261120.001"
    stop_server "$PID"
    start_python ftp --no-size
    ftp_target ftp
    fresh "$W/ftp/in"
    run 20261120.1
    expect "server without SIZE" 0 "DELIVERED sent=4"
    arrived "server without SIZE" "$W/ftp/in/11.20261120.001"
    stop_server "$PID"
}

# One failure each: NAME | order | more lines of the target | wanted in the output
fault_cases() {
    cat <<'EOF'
upload breaks off            | drop 1 60000    |                 | DELIVERED sent=4 bytes=TOTAL retries=1
upload breaks off, continued | drop 1 60000    | read_back = yes | DELIVERED sent=4 bytes=CONTINUED retries=1
every upload breaks off once | drop 2 60000    | read_back = yes | retries=2
continued over zeros         | drop_and_zero   | read_back = yes | has SHA-256
size 0 after upload          | size_zero 2     |                 | DELIVERED sent=4 bytes=TOTAL retries=0
size wrong for a while       | size_more 3     |                 | retries=0
size stays wrong             | size_more 6     |                 | bytes after the upload
rename refused once          | refuse_rename 1 |                 | The file is being scanned
rename done, no answer       | lose_rename 1   |                 | DELIVERED sent=4 bytes=TOTAL retries=1
every rename without answer  | lose_rename 4   | retries = 4     | retries=4
rename not done, no answer   | drop_rename 1   |                 | DELIVERED sent=4 bytes=TOTAL retries=1
byte changed, read back      | corrupt 1       | read_back = yes | has SHA-256
session ended with 421       | goodbye 1       |                 | retries=1
server falls silent          | silent 1        | timeout = 1s    | retries=1
EOF
}

part_faults() {
    start_python faults || { skip; return; }
    while IFS='|' read -r name fault lines wanted; do
        ftp_target faults "$lines"
        fresh "$W/faults/in"
        if [ "${fault// /}" = drop_and_zero ]; then
            printf 'drop 1 60000\nzero_fill 1\n' >"$W/faults.faults"
        else
            order_fault faults "$fault"
        fi
        run 20261120.1
        wanted=${wanted/TOTAL/$TOTAL}
        wanted=${wanted/CONTINUED/$((TOTAL - 60000))}
        expect "$name" 0 "${wanted# }"
        arrived "$name" "$W/faults/in/11.20261120.001"
    done < <(fault_cases)
    order_fault faults ""
    for read_back in yes no; do # a longer .part must neither be continued nor left
        ftp_target faults "read_back = $read_back"
        fresh "$W/faults/in"
        mkdir -p "$W/faults/in/11.20261120.001"
        cat "$W/set1/CRMCUST" "$W/set1/CRMCUST" >"$W/faults/in/11.20261120.001/CRMCUST.part"
        run 20261120.1
        expect "longer .part, read_back $read_back" 0 "DELIVERED sent=4 bytes=$TOTAL"
        arrived "longer .part, read_back $read_back" "$W/faults/in/11.20261120.001"
    done
    ftp_target faults "retries = 0"
    fresh "$W/faults/in"
    order_fault faults "drop 1 60000"
    run 20261120.1
    expect "no retries" 8 "committed, not delivered"
    check "no retries: a .part, no file" [ -e "$W/faults/in/11.20261120.001/CRMCUST.part" ]
    run 20261120.1
    expect "no retries, called again" 0 "DELIVERED"
    arrived "no retries, called again" "$W/faults/in/11.20261120.001"
    for digest in hash xsha256; do
        start_python "$digest" --digest "$digest"
        ftp_target "$digest"
        fresh "$W/$digest/in"
        order_fault "$digest" "corrupt 1"
        run 20261120.1
        expect "byte changed, server with $digest" 0 "has SHA-256"
        check "server with $digest: digest used" ledger_has "size and SHA-256 verified"
        arrived "byte changed, server with $digest" "$W/$digest/in/11.20261120.001"
    done
}

part_consumes() {
    start_python take || { skip; return; }
    local set=$W/take/in/11.20261120.001
    ftp_target take "receiver = consumes"
    fresh "$W/take/in"
    order_fault take "take 1"
    run 20261120.1
    expect "taken, no answer" 4 "is UNKNOWN"
    check "taken: names the file" output_has 'rename of "CRMCUST"'
    check "taken: hint confirm" output_has "crmx delivery resolve --unit 11 --target crm 20261120.001 --confirm --reason"
    check "taken: hint resend" output_has "crmx delivery resolve --unit 11 --target crm 20261120.001 --resend --reason"
    run 20261120.1
    expect "waits" 4 "UNKNOWN sent=0"
    run 20261121.1 "$W/set2"
    expect "the next set waits too" 8 "sets never pass each other"
    decide confirm 20261120.1
    expect "confirmed" 0
    run 20261120.1
    expect "goes on after confirm" 0 "DELIVERED sent=2"
    check "goes on: the rest is there" [ -e "$set/11.20261120.001.ok" ]
    check "goes on: the taken file is not sent twice" [ ! -e "$set/CRMCUST" ]
    ftp_target take "receiver = consumes"
    fresh "$W/take/in"
    order_fault take "take 1"
    run 20261120.1
    decide resend 20261120.1
    expect "resend" 0
    run 20261120.1
    expect "resent" 0 "DELIVERED sent=4"
    arrived "resent" "$set"
    fresh "$W/take/in"
    order_fault take "take_quietly 4"
    run 20261120.1
    expect "taken with an answer" 0 "DELIVERED sent=4"
    check "taken with an answer: nothing left" [ -z "$(ls "$set")" ]
    ftp_target take "$(printf 'receiver = consumes\nidempotent = yes')"
    fresh "$W/take/in"
    order_fault take "take 1"
    run 20261120.1
    expect "idempotent" 0 "the whole set is sent again"
    arrived "idempotent" "$set"
    ftp_target take "$(printf 'receiver = consumes\nack_file = ack/{unit}.{date}.{seq}.ack')"
    fresh "$W/take/in"
    mkdir -p "$W/take/in/ack"
    run 20261120.1
    expect "no acknowledgement yet" 0 "DELIVERED"
    { echo accepted; sha256sum <"$set/11.20261120.001.manifest"; } >"$W/take/in/ack/11.20261120.001.ack"
    run 20261120.1
    expect "acknowledged" 0 "ACKED"
    fresh "$W/take/in"
    mkdir -p "$W/take/in/ack"
    echo "refused: disk full here" >"$W/take/in/ack/11.20261120.001.ack"
    sed -i 's/refused:/refused/' "$W/take/in/ack/11.20261120.001.ack"
    run 20261120.1
    expect "refused" 4 "disk full here"
    decide resend 20261120.1
    run 20261120.1
    expect "resent after a refusal: the old refusal is gone" 0 "DELIVERED sent=4"
    fresh "$W/take/in"
    mkdir -p "$W/take/in/ack"
    order_fault take "take 1"
    echo >"$W/take/in/ack/11.20261120.001.ack"
    run 20261120.1
    expect "no answer, but acknowledged" 0 "ACKED"
}

part_order() {
    target order < <(printf 'directory = order\n')
    fresh "$W/order"
    : >"$W/blocked"
    sed -i 's#directory = order#directory = blocked#' "$UNIT"
    run 20261120.1
    expect "a target that is no folder" 8 "committed, not delivered"
    sed -i 's#directory = blocked#directory = order#' "$UNIT"
    run 20261121.1 "$W/set2"
    expect "the next set is blocked" 8 "set 11.20261121.001 waits: the earlier set 20261120.001"
    run 20261120.1 "$W/other" 20261120.1.2
    expect "not delivered yet: another generation takes its place" 0 "takes its place"
    check "the other bytes" cmp -s "$W/other/CRMCUST" "$W/order/11.20261120.001/CRMCUST"
    run 20261121.1 "$W/set2" 20261121.1.1 20261119.1
    expect "a delta upon a set the target has not" 16 "which target \"crm\" does not have"
    run 20261121.1 "$W/set2" 20261121.1.1 20261120.1
    expect "a delta upon the one it has" 0 "DELIVERED"
    check "the manifest says so" grep -q "^basis	20261120.001$" "$W/order/11.20261121.001/11.20261121.001.manifest"
    run 20261120.2 "$W/set2"
    expect "too late" 16 "comes too late"
    decide resend 20261120.1
    expect "resend of an earlier set" 16 "later sets were sent since"
    "$DRIVER" marks crm "$LEDGERS" >"$W/output" 2>&1
    check "marks" output_has "delivered 1 acked 0 pending 0"
    "$DRIVER" list crm "$LEDGERS" >"$W/output" 2>&1
    check "list: newest first" [ "$(sed -n 2p "$W/output" | cut -d' ' -f1)" = 20261121.001 ]
    "$DRIVER" json crm "$LEDGERS" | /usr/bin/python3 -c 'import json,sys; d = json.load(sys.stdin); sys.exit(len(d["sets"]) != 2)'
    check "list as JSON" [ $? = 0 ]
    cp "$LEDGERS/crm.ledger" "$W/kept"
    printf '99\t2026-11-21T00:00:00Z\t20261121' >>"$LEDGERS/crm.ledger"
    run 20261121.1 "$W/set2" 20261121.1.1 20261120.1
    expect "a torn last line" 0 "torn by a crash and is cut off"
    check "a torn last line: cut off" cmp -s "$W/kept" "$LEDGERS/crm.ledger"
    sed -i '5s/bytes=/bytes=1/' "$LEDGERS/crm.ledger"
    run 20261122.1 "$W/set2"
    expect "a changed line in the middle" 12 "line 5: its checksum does not fit"
}

part_tls() {
    make_certificates
    start_vsftpd tls || { skip; return; }
    tls_target() { # HOST [more lines]
        target tls < <(printf 'kind = ftps\nurl = ftp://anonymous@%s:%s/in\npassword_file = password\ntimeout = 5s\n%s\n' \
            "$1" "$PORT" "${2:-}")
    }
    tls_target 127.0.0.1 "ca_file = ca.pem"
    run 20261120.1
    expect "with the authority" 0 "DELIVERED sent=4"
    arrived "with the authority" "$W/tls/in/11.20261120.001"
    countdown CRMX_CRASH_AT 23 "$W/tls/in"
    fresh "$W/tls/in"
    tls_target 127.0.0.1
    run 20261120.1
    expect "unknown authority" 16 "ca_file = PATH"
    tls_target localhost "ca_file = ca.pem"
    run 20261120.1
    expect "another host in the certificate" 16 "the host in url must be the one in the certificate"
    check "nothing was sent" [ -z "$(ls "$W/tls/in")" ]
    start_python plain
    tls_target 127.0.0.1 "ca_file = ca.pem"
    mkdir -p "$W/plain/in"
    run 20261120.1
    expect "a server without TLS" 16 "nothing is sent without it"
    check "a server without TLS: nothing was sent" [ -z "$(ls "$W/plain/in")" ]
}

part_vsftpd() {
    start_vsftpd vsftpd || { skip; return; }
    target vsftpd < <(printf 'kind = ftp\nplain_ftp = allowed\nurl = ftp://anonymous@127.0.0.1:%s/in\npassword_file = password\ntimeout = 5s\n' "$PORT")
    run 20261120.1
    expect "first" 0 "DELIVERED sent=4"
    arrived "first" "$W/vsftpd/in/11.20261120.001"
    countdown CRMX_CRASH_AT 6 "$W/vsftpd/in"
    decide resend 20261120.1
    run 20261120.1
    expect "resend onto existing files" 0 "DELIVERED sent=4"
    arrived "resend onto existing files" "$W/vsftpd/in/11.20261120.001"
}

part_proftpd() {
    start_proftpd || { skip; return; }
    target proftpd < <(printf 'kind = ftp\nplain_ftp = allowed\nurl = ftp://bank@127.0.0.1:%s/%s\npassword_file = password\ntimeout = 5s\n' "$PORT" "$W/proftpd")
    run 20261120.1
    expect "first" 0 "DELIVERED sent=4"
    check "digest of the server used" ledger_has "size and SHA-256 verified"
    arrived "first" "$W/proftpd/11.20261120.001"
    rm -rf "$LEDGERS" "$W/proftpd/11.20261120.001"
    { CRMX_CRASH_AT=24 "$DRIVER" run "$UNIT" 11 crm "$LEDGERS" 20261120.1 "$W/set1" >"$W/output" 2>&1; } 2>/dev/null
    run 20261120.1
    expect "after kill -9" 0 "DELIVERED"
    arrived "after kill -9" "$W/proftpd/11.20261120.001"
}

part_sftp() {
    start_sshd || { skip; return; }
    sftp_target() { target sftp < <(printf 'kind = sftp\nurl = sftp://%s@127.0.0.1:%s%s\nkey_file = ssh/user\nhost_key = %s\ntimeout = 5s\n%s\n' "$(id -un)" "$PORT" "$W/sftp" "$1" "${2:-}"); }
    sftp_target "$PIN_ED25519 $PIN_ECDSA"
    run 20261120.1
    expect "first" 0 "DELIVERED sent=4"
    arrived "first" "$W/sftp/11.20261120.001"
    decide resend 20261120.1
    run 20261120.1
    expect "rename onto existing files" 0 "DELIVERED sent=4"
    arrived "rename onto existing files" "$W/sftp/11.20261120.001"
    countdown CRMX_CRASH_AT 20 "$W/sftp"
    sftp_target "$PIN_ED25519 $PIN_ECDSA" "read_back = yes"
    for bytes in 70000 0 300000; do # an upload that is continued; a .part that is longer
        fresh "$W/sftp"
        mkdir -p "$W/sftp/11.20261120.001"
        cat "$W/set1/CRMCUST" "$W/set1/CRMCUST" | head -c "$bytes" >"$W/sftp/11.20261120.001/CRMCUST.part"
        run 20261120.1
        expect "a .part of $bytes bytes" 0 "DELIVERED sent=4 bytes=$((TOTAL - (bytes < TOTAL ? bytes : 0)))"
        arrived "a .part of $bytes bytes" "$W/sftp/11.20261120.001"
    done
    fresh "$W/sftp"
    sftp_target "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    run 20261120.1
    expect "another host key" 16 "ask the receiver whether that is his key"
    sftp_target ""
    run 20261120.1
    expect "no host key" 16 "anybody could stand in for the server"
    check "nothing was sent" [ -z "$(ls "$W/sftp")" ]
}

part_security() {
    start_python secret || { skip; return; }
    mkdir -p "$W/secret/in"
    ftp_target secret
    order_fault secret "refuse_login 1"
    run 20261120.1
    expect "login refused" 16 "it is not tried again by itself"
    check "login refused: the password is not shown" output_lacks "$SECRET"
    check "login refused: tried once" [ ! -s "$W/secret.faults" -o "$(cat "$W/secret.faults")" = "refuse_login 0" ]
    check "the ledger has no password" [ -z "$(grep -rF "$SECRET" "$LEDGERS")" ]
    chmod 640 "$W/password"
    run 20261120.1
    expect "password file for others" 16 "chmod 600"
    chmod 600 "$W/password"
    sed -i '/plain_ftp/d' "$UNIT"
    run 20261120.1
    expect "plain FTP not allowed" 16 "plain_ftp = allowed"
    target secret < <(printf 'kind = ftps\nurl = ftp://bank:%s@127.0.0.1/\npassword_file = password\n' "$SECRET")
    run 20261120.1
    expect "password in the url" 16 "the url holds a password"
    check "password in the url: not shown" output_lacks "$SECRET"
    ftp_target secret
    all_proxy=http://127.0.0.1:1 ftp_proxy=http://127.0.0.1:1 run 20261120.1
    expect "proxies of the environment are not used" 0 "DELIVERED"
}

# --- all ---

make -s -C "$TOP" MODE="$MODE" "build/$MODE/tests/integration/deliver_driver" >/dev/null || exit 1
make_sets
target golden < <(printf 'directory = golden\n')
PART=golden
run 20261120.1
(cd "$W/golden/11.20261120.001" && sha256sum -c --quiet 11.20261120.001.ok &&
    awk -F'\t' '$1 == "file" {print $5 "  " $2}' 11.20261120.001.manifest | sha256sum -c --quiet) >"$W/output" 2>&1
check "digests of the reference set" [ $? = 0 ]
TOTAL=$(cat "$W/golden/11.20261120.001/"* | wc -c)
check "bytes of the reference set" cmp -s "$W/set1/CRMCUST" "$W/golden/11.20261120.001/CRMCUST"
for PART in ${*:-folder ftp faults consumes order tls vsftpd proftpd sftp security}; do
    : >"$W/output"
    start=$SECONDS
    "part_$PART"
    [ -n "${VERBOSE:-}" ] && echo "$PART: $((SECONDS - start)) s"
done
[ -z "$SKIPPED" ] || echo "not installed, skipped:$SKIPPED"
echo "$PASSED passed, $FAILED failed"
[ "$FAILED" = 0 ]
