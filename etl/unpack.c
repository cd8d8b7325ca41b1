#include "etl/unpack.h"

#include "base/os.h"

#include <zlib.h>

enum { UNPACK_CHUNK = 256 * 1024 };

struct unpacker {
    const char *from, *to;
    int in, out;
    uint64_t in_size, in_at, out_at;
    unsigned char *input, *output;
    z_stream stream;
};

static bool damaged(struct unpacker *u, const char *what, struct status *st)
{
    status_fail(st, STATUS_INPUT, "\"%s\" is not a whole gzip file: %s near offset %llu of %llu", u->from, what,
                (unsigned long long)(u->in_at - u->stream.avail_in), (unsigned long long)u->in_size);
    return status_hint(st, "have it sent again; test a copy with: gzip -t FILE");
}

static bool refill(struct unpacker *u, struct status *st)
{
    if (u->stream.avail_in || u->in_at == u->in_size) return true;
    size_t n = u->in_size - u->in_at < UNPACK_CHUNK ? (size_t)(u->in_size - u->in_at) : UNPACK_CHUNK;
    if (!os_read_at(u->in, u->from, u->input, n, u->in_at, st)) return false;
    u->in_at += n;
    u->stream.next_in = u->input;
    u->stream.avail_in = (unsigned)n;
    return true;
}

static bool run(struct unpacker *u, struct status *st)
{
    for (;;) {
        if (!refill(u, st)) return false;
        u->stream.next_out = u->output;
        u->stream.avail_out = UNPACK_CHUNK;
        int result = inflate(&u->stream, Z_NO_FLUSH);
        size_t n = UNPACK_CHUNK - u->stream.avail_out;
        if (n && !os_write_at(u->out, u->to, u->output, n, u->out_at, st)) return false;
        u->out_at += n;
        if (result == Z_STREAM_END) {
            if (!refill(u, st)) return false;
            if (u->stream.avail_in == 0) return true;
            if (inflateReset(&u->stream) != Z_OK) return damaged(u, "a new member cannot be started", st);
        } else if (result == Z_BUF_ERROR && u->in_at == u->in_size && u->stream.avail_in == 0) {
            return damaged(u, "it ends too early", st);
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return damaged(u, u->stream.msg ? u->stream.msg : "bad data", st);
        }
    }
}

bool unpack_gzip(const char *from, const char *to, struct status *st)
{
    struct unpacker u = {.from = from, .to = to, .in = -1, .out = -1};
    struct os_file_identity id;
    bool ok = false;
    u.input = malloc(UNPACK_CHUNK);
    u.output = malloc(UNPACK_CHUNK);
    ensure(u.input && u.output);
    ensure(inflateInit2(&u.stream, 15 + 16) == Z_OK);
    u.in = os_open_read(from, st);
    if (u.in < 0 || !os_identify_fd(u.in, from, &id, st)) goto out;
    u.in_size = id.size;
    u.out = os_open_create(to, st);
    if (u.out < 0) goto out;
    ok = run(&u, st) && os_fsync(u.out, to, st);
out:
    inflateEnd(&u.stream);
    os_close(u.in);
    os_close(u.out);
    free(u.input);
    free(u.output);
    return ok || status_while(st, "unpacking \"%s\"", from);
}
