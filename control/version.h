/* version: of the program; the formats of stored files have numbers of their own. */
#ifndef CRMX_CONTROL_VERSION_H
#define CRMX_CONTROL_VERSION_H

#define CRMX_VERSION "0.1.0"

#endif
