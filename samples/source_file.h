/* source_file: one file as a business system sends it: header, records, trailer, line ends, compression, control file.
 *
 * source_file_open, source_file_put per record, source_file_close. The shape of the file is a constant description, a
 * twin of the template's layout (config/template/layouts); its list of spoils is what makes dirty records.
 *
 * A spoil overwrites bytes of a good record so that exactly one check fails. With mix.every_reason each spoil of the
 * list is used at least once, on *additional* records, so that the cases of the good ones survive; mix.dirt spoils good
 * records at random.
 *
 * Control totals follow what such systems do: the trailer's record count and the .ctl count every data record, spoiled
 * or not; the sum is over the records whose length is right and whose amount is an amount.
 */
#ifndef CRMX_SAMPLES_SOURCE_FILE_H
#define CRMX_SAMPLES_SOURCE_FILE_H

#include "samples/population.h"
#include "samples/record.h"

#include <stdio.h>

enum line_end { LINE_LF, LINE_CRLF, LINE_MIXED, LINE_NONE };
enum completeness { COMPLETE_NONE, COMPLETE_TRAILER, COMPLETE_CTL, COMPLETE_OK };

struct spoil {
    const char *reason; /* for the reader; the engine must find the same */
    int offset;
    int blank;         /* so many blanks, or */
    const char *bytes; /* these bytes */
    bool loses_sum;    /* the summed amount is no amount any more */
};

struct file_shape {
    const char *name;
    size_t record_length;
    bool gb18030, gzip, header;
    enum line_end line_end;
    enum completeness complete;
    size_t sum_width; /* of the trailer's sum behind the record count; 0: none */
    int changes_at;   /* a record sent again may have another byte here (0: it never has) */
    char changes_to;
    const struct spoil *spoils; /* ends with reason NULL */
};

struct source_file {
    const struct sample *sample;
    const struct file_shape *shape;
    char path[4096];
    FILE *plain;
    void *gzip; /* gzFile */
    uint64_t records, bytes, spoiled;
    int64_t sum;
    struct draw draw;
};

/* piece: city branch or NULL; the file is NAME[.PIECE].DATE. Ends the program with a message when the folder cannot be
 * written. */
void source_file_open(struct source_file *f, const struct sample *s, const struct file_shape *shape, const char *piece);
/* amount: what the trailer sums, 0 where it sums nothing. */
void source_file_put(struct source_file *f, const struct record *r, int64_t amount);
/* Trailer, .ctl, .ok. A file with fewer records than spoils has not used them all. */
void source_file_close(struct source_file *f);

#endif
