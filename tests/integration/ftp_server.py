#!/usr/bin/python3
"""FTP server of the tests: pyftpdlib, with failures that tests/integration/deliver.sh orders one by one.

ftp_server.py --root FOLDER --port-file FILE [--faults FILE] [--digest hash|xsha256] [--no-size]

Listens on a free port of 127.0.0.1 and writes the port into the port file. User bank, password from --password-file.
The faults file has one order a line, "NAME COUNT [NUMBER]"; an order is used up COUNT times:

    drop N BYTES      the data connection and the session break after BYTES of an upload
    size_zero N       SIZE says 0                      size_more N     SIZE says one byte too many
    refuse_rename N   RNTO is answered with 550        lose_rename N   RNTO is carried out, the session breaks, no answer
    drop_rename N     RNTO is not carried out, the session breaks
    take N            RNTO is carried out, the file is taken away at once (a consuming receiver), the session breaks
    take_quietly N    the same, but answered with 250
    corrupt N         the last byte of a stored file is changed
    zero_fill N       what an APPE continues becomes zeros first
    silent N          SIZE gets no answer, the session stays open
    goodbye N         any command is answered with 421 and the session ends
    refuse_login N    PASS is refused, and the refusal repeats the password
"""
import argparse
import hashlib
import logging
import os

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import DTPHandler, FTPHandler
from pyftpdlib.servers import FTPServer

options = None


def order(name):
    """Uses up one order of that name: its number (or 1), None when there is none."""
    if not options.faults or not os.path.exists(options.faults):
        return None
    with open(options.faults) as f:
        lines = [line.split() for line in f if line.strip()]
    found = None
    for words in lines:
        if words[0] == name and int(words[1]) > 0 and found is None:
            words[1] = str(int(words[1]) - 1)
            found = int(words[2]) if len(words) > 2 else 1
    if found is not None:
        with open(options.faults, "w") as f:
            f.writelines(" ".join(words) + "\n" for words in lines)
    return found


class FaultyData(DTPHandler):
    drop_after = None

    def handle_read_event(self):
        if self.drop_after is None:
            number = order("drop") if self.receive else None
            self.drop_after = number if number is not None else -1
        super().handle_read()
        if 0 <= self.drop_after <= self.tot_bytes_received and not self._closed:
            if self.file_obj is not None:
                self.file_obj.flush()
                os.ftruncate(self.file_obj.fileno(), min(self.drop_after, os.fstat(self.file_obj.fileno()).st_size))
            session = self.cmd_channel
            self.close()
            session.close()


class FaultySession(FTPHandler):
    dtp_handler = FaultyData

    def ftp_SIZE(self, path):
        if order("size_zero") is not None:
            return self.respond("213 0")
        if order("silent") is not None:
            return None
        if order("size_more") is not None:
            return self.respond("213 %d" % (os.path.getsize(path) + 1))
        return super().ftp_SIZE(path)

    def ftp_APPE(self, file):
        if order("zero_fill") is not None and os.path.exists(file):
            size = os.path.getsize(file)
            with open(file, "wb") as f:
                f.write(b"\0" * size)
        return super().ftp_APPE(file)

    def ftp_RNTO(self, path):
        if order("refuse_rename") is not None:
            self._rnfr = None
            return self.respond("550 The file is being scanned.")
        if order("drop_rename") is not None:
            return self.close()
        lose, take, quiet = order("lose_rename"), order("take"), order("take_quietly")
        if lose is None and take is None and quiet is None:
            return super().ftp_RNTO(path)
        os.rename(self._rnfr, path)
        self._rnfr = None
        if take is not None or quiet is not None:
            folder = options.root + ".taken"
            os.makedirs(folder, exist_ok=True)
            os.rename(path, os.path.join(folder, os.path.basename(path)))
        return self.respond("250 Renaming ok.") if quiet is not None else self.close()

    def ftp_PASS(self, line):
        if order("refuse_login") is not None:
            self.respond("530 PASS %s is not welcome." % line)
            return self.close_when_done()
        return super().ftp_PASS(line)

    def pre_process_command(self, line, cmd, arg):
        if cmd not in ("USER", "PASS", "AUTH", "PBSZ", "PROT") and order("goodbye") is not None:
            self.respond("421 Service closing control connection.")
            return self.close_when_done()
        return super().pre_process_command(line, cmd, arg)

    def ftp_OPTS(self, line):
        if options.digest == "hash" and line.upper() == "HASH SHA-256":
            return self.respond("200 SHA-256")
        return super().ftp_OPTS(line)

    def digest_of(self, path):
        with open(path, "rb") as f:
            return hashlib.sha256(f.read()).hexdigest()

    def ftp_HASH(self, path):
        self.respond("213 SHA-256 0-%d %s %s" % (os.path.getsize(path), self.digest_of(path), os.path.basename(path)))

    def ftp_XSHA256(self, path):
        self.respond("250 %s" % self.digest_of(path).upper())

    def on_file_received(self, file):
        if order("corrupt") is not None:
            with open(file, "r+b") as f:
                f.seek(-1, os.SEEK_END)
                last = f.read(1)
                f.seek(-1, os.SEEK_END)
                f.write(bytes([last[0] ^ 1]))


def session_class():
    session = FaultySession
    commands = dict(session.proto_cmds)
    for name in ("HASH", "XSHA256"):
        commands[name] = dict(perm="l", auth=True, arg=True, help="Syntax: %s path." % name)
    if options.digest != "hash":
        del commands["HASH"]
    if options.digest != "xsha256":
        del commands["XSHA256"]
    if options.no_size:
        del commands["SIZE"]
    session.proto_cmds = commands
    feature = {"hash": "HASH SHA-256*;MD5", "xsha256": "XSHA256"}.get(options.digest)
    start = session.__init__

    def init(self, *arguments, **named):
        start(self, *arguments, **named)
        if feature:
            self._extra_feats = list(self._extra_feats) + [feature]

    session.__init__ = init
    return session


def main():
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--faults")
    parser.add_argument("--digest", choices=["hash", "xsha256"])
    parser.add_argument("--no-size", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    authorizer = DummyAuthorizer()
    with open(options.password_file) as f:
        authorizer.add_user("bank", f.readline().strip(), options.root, perm="elradfmwMT")
    session = session_class()
    session.authorizer = authorizer
    session.use_sendfile = False
    session.auth_failed_timeout = 0.1
    server = FTPServer(("127.0.0.1", 0), session)
    with open(options.port_file + ".tmp", "w") as f:
        f.write("%d\n" % server.address[1])
    os.rename(options.port_file + ".tmp", options.port_file)
    server.serve_forever()


if __name__ == "__main__":
    main()
