/* unpack: a gzip file becomes a plain one, streaming; several gzip members in a row are fine. */
#ifndef CRMX_ETL_UNPACK_H
#define CRMX_ETL_UNPACK_H

#include "base/status.h"

/* Writes and fsyncs `to`. A truncated or damaged file fails with its name and offset. */
bool unpack_gzip(const char *from, const char *to, struct status *st);

#endif
