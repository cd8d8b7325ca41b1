# Servers of deliver.sh: each on a free port of 127.0.0.1, with a private folder below $W, stopped by its pid.
# Sourced. A server that is not installed: the function returns 1.

SERVERS=""

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for_port() { # PORT
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.05
    done
    echo "no server on port $1" >&2
    return 1
}

stop_servers() {
    for pid in $SERVERS; do kill "$pid" 2>/dev/null; done
    for pid in $SERVERS; do wait "$pid" 2>/dev/null; done
    SERVERS=""
}

stop_server() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# start_python NAME [arguments of ftp_server.py …] → PORT, root $W/NAME, faults file $W/NAME.faults
start_python() {
    local name=$1
    shift
    /usr/bin/python3 -c 'import pyftpdlib' 2>/dev/null || return 1
    mkdir -p "$W/$name"
    rm -f "$W/$name.port"
    /usr/bin/python3 "$HERE/ftp_server.py" --root "$W/$name" --port-file "$W/$name.port" \
        --password-file "$W/password" --faults "$W/$name.faults" "$@" 2>>"$W/servers.log" &
    PID=$!
    SERVERS="$SERVERS $PID"
    for _ in $(seq 100); do [ -s "$W/$name.port" ] && break; sleep 0.05; done
    PORT=$(cat "$W/$name.port")
}

# start_vsftpd NAME: anonymous uploads, the one login of vsftpd that needs neither root nor PAM. Root $W/NAME, uploads below
# in/. The name tls: only over TLS, with a session of the control connection for the data (require_ssl_reuse).
start_vsftpd() {
    command -v vsftpd >/dev/null || return 1
    PORT=$(free_port)
    mkdir -p "$W/$1/in"
    chmod 555 "$W/$1"
    cat >"$W/$1.conf" <<EOF
listen=YES
listen_address=127.0.0.1
listen_port=$PORT
background=NO
run_as_launching_user=YES
ftp_username=$(id -un)
anonymous_enable=YES
no_anon_password=YES
anon_root=$W/$1
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
seccomp_sandbox=NO
xferlog_enable=NO
EOF
    [ "$1" = tls ] && cat >>"$W/$1.conf" <<EOF
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
rsa_cert_file=$W/server.pem
EOF
    vsftpd "$W/$1.conf" 2>>"$W/servers.log" &
    SERVERS="$SERVERS $!"
    wait_for_port "$PORT"
}

# ProFTPD with mod_digest: HASH and XSHA256 as a real server gives them. Root $W/proftpd. Debian does not install it beside
# vsftpd: PROFTPD names the folder into which proftpd-core was unpacked (dpkg -x), else / is tried.
start_proftpd() {
    local at=${PROFTPD:-}
    [ -x "$at/usr/sbin/proftpd" ] && [ -e "$at/usr/lib/proftpd/mod_digest.so" ] && [ "$(id -u)" = 0 ] || return 1
    PORT=$(free_port)
    mkdir -p "$W/proftpd"
    chown 65534:65534 "$W/proftpd"
    chmod 755 "$W"
    echo "bank:$(openssl passwd -6 "$(cat "$W/password")"):65534:65534::$W/proftpd:/bin/false" >"$W/proftpd.users"
    chmod 600 "$W/proftpd.users"
    cat >"$W/proftpd.conf" <<EOF
ModulePath $at/usr/lib/proftpd
LoadModule mod_digest.c
ServerType standalone
DefaultAddress 127.0.0.1
Port $PORT
User nobody
Group nogroup
PidFile $W/proftpd.pid
ScoreboardFile $W/proftpd.scoreboard
DelayTable none
AuthUserFile $W/proftpd.users
AuthOrder mod_auth_file.c
RequireValidShell off
WtmpLog off
TransferLog none
SystemLog $W/proftpd.log
UseReverseDNS off
AllowOverwrite on
AllowStoreRestart on
UseIPv6 off
EOF
    "$at/usr/sbin/proftpd" -n -q -c "$W/proftpd.conf" >>"$W/servers.log" 2>&1 &
    SERVERS="$SERVERS $!"
    wait_for_port "$PORT"
}

# OpenSSH with the login of whoever runs the test, by a private key. → PORT, KEY, PINS (fingerprints), folder $W/sftp
start_sshd() {
    [ -x /usr/sbin/sshd ] || return 1
    PORT=$(free_port)
    KEY=$W/ssh/user
    mkdir -p "$W/ssh" "$W/sftp"
    [ "$(id -u)" = 0 ] && mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$KEY"
    ssh-keygen -q -t ed25519 -N '' -f "$W/ssh/host_ed25519"
    ssh-keygen -q -t ecdsa -N '' -f "$W/ssh/host_ecdsa"
    cp "$KEY.pub" "$W/ssh/authorized"
    PIN_ED25519=$(ssh-keygen -lf "$W/ssh/host_ed25519.pub" | cut -d' ' -f2)
    PIN_ECDSA=$(ssh-keygen -lf "$W/ssh/host_ecdsa.pub" | cut -d' ' -f2)
    cat >"$W/ssh/config" <<EOF
Port $PORT
ListenAddress 127.0.0.1
HostKey $W/ssh/host_ed25519
HostKey $W/ssh/host_ecdsa
AuthorizedKeysFile $W/ssh/authorized
PidFile $W/ssh/pid
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
EOF
    /usr/sbin/sshd -D -e -f "$W/ssh/config" 2>>"$W/servers.log" &
    SERVERS="$SERVERS $!"
    wait_for_port "$PORT"
}

# An authority of our own and a certificate for 127.0.0.1 → $W/ca.pem, $W/server.pem
make_certificates() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=crmx test authority" \
        -keyout "$W/ca.key" -out "$W/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=crm" -keyout "$W/server.key" -out "$W/server.csr" 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1\n' >"$W/server.ext"
    openssl x509 -req -in "$W/server.csr" -CA "$W/ca.pem" -CAkey "$W/ca.key" -CAcreateserial -days 2 \
        -extfile "$W/server.ext" -out "$W/server.crt" 2>/dev/null
    cat "$W/server.key" "$W/server.crt" >"$W/server.pem"
}
