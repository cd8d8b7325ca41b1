/* transfer_inside: what the kinds of places (transfer_folder.c, transfer_ftp.c, transfer_sftp.c) share with transfer.c.
 */
#ifndef CRMX_ETL_TRANSFER_INSIDE_H
#define CRMX_ETL_TRANSFER_INSIDE_H

#include "etl/transfer.h"
#include "etl/transfer_digest.h"

/* --- the bytes that go out --- */
struct transfer_reader {
    const struct transfer_source *source;
    int fd;
    uint64_t size, at;
    bool digesting;
    struct transfer_digest digest;
    struct status *st; /* filled when our side fails inside a callback of libcurl */
};

/* The source must have exactly size bytes (STATUS_CORRUPT). */
bool transfer_reader_open(struct transfer_reader *r, const struct transfer_source *source, uint64_t size,
                          uint64_t offset, struct status *st);
/* Up to room bytes at the current place; 0 at the end, -1 with r->st filled. */
int64_t transfer_reader_next(struct transfer_reader *r, char *room, size_t room_bytes);
/* libcurl starts over or skips: continues at another place; the digest starts again at 0 and is given up elsewhere. */
void transfer_reader_seek(struct transfer_reader *r, uint64_t at);
/* Gives the digest of everything that was read from 0 to the end, else "". */
void transfer_reader_close(struct transfer_reader *r, char sha256[65]);

/* --- the bytes that come back --- */
struct transfer_sink {
    struct transfer_digest *digest; /* may be NULL */
    struct buf *text;               /* may be NULL */
    uint64_t bytes;
};
bool transfer_sink_add(struct transfer_sink *sink, const char *bytes, size_t length); /* false: text is full */

/* --- one kind of place --- */
struct transfer_calls {
    bool (*make_folder)(void *place, const char *folder, struct status *st);
    bool (*put)(void *place, struct transfer_reader *from, const char *name, struct status *st);
    bool (*look)(void *place, const char *name, uint64_t expected, struct transfer_seen *seen, struct status *st);
    /* The whole file into the sink; *exists false when it is missing. */
    bool (*read)(void *place, const char *name, struct transfer_sink *sink, bool *exists, struct status *st);
    bool (*rename)(void *place, const char *from, const char *to, struct status *st);
    bool (*remove)(void *place, const char *name, struct status *st);
    /* Digest without reading back; NULL when this kind never can. has_digest is asked first. */
    bool (*has_digest)(void *place, bool *has, struct status *st);
    bool (*digest)(void *place, const char *name, uint64_t bytes, char sha256[65], struct status *st);
    void (*close)(void *place);
    bool reads_back; /* reading back is cheap: always done */
    bool resumes;
};

void *transfer_folder_new(const struct transfer_place *place, struct status *st);
void *transfer_ftp_new(const struct transfer_place *place, struct status *st);
void *transfer_sftp_new(const struct transfer_place *place, struct status *st);
extern const struct transfer_calls TRANSFER_FOLDER_CALLS, TRANSFER_FTP_CALLS, TRANSFER_SFTP_CALLS;

#endif
