/* option_table: every option of crmx.ini, one entry each; feeds enum option, the reader, config show and
 * docs/options.md.
 *
 *     OPTION(NAME, section, key, TYPE, default as it would be written, minimum, maximum, words, what it does)
 *
 * TYPE: TEXT, PATH (relative to the working folder), INTEGER, SIZE, DURATION (bounds in bytes, ms) or CHOICE
 * (words). Included several times, on purpose without a guard. After a change: make docs (rewrites docs/options.md,
 * config/crmx.ini).
 */
SECTION("run", "How a run uses the machine. None of it changes a result: the same bytes for any setting.")
OPTION(RUN_THREADS, "run", "threads", INTEGER, "0", 0, 64, NULL, "Worker threads. 0: one per processor.")
OPTION(RUN_MEMORY_MAX, "run", "memory_max", SIZE, "2g", 64ll << 20, 64ll << 40, NULL,
       "Memory of a run. What does not fit goes to spill files.")
OPTION(RUN_TEMP_DIR, "run", "temp_dir", PATH, "", 0, 0, NULL,
       "Folder for spill files, on a fast disk. Empty: the folder of the run.")

OPTION(
    RUN_PARTITION_CUSTOMERS, "run", "partition_customers", INTEGER, "16384", 1, 1 << 24, NULL,
    "Customers per partition of the population. Fixed when the first generation is made; small values are for tests.")
OPTION(RUN_BATCH, "run", "batch", INTEGER, "4096", 1, 4096, NULL,
       "Customers measured and scored at a time. Small values are for tests.")

SECTION("archive", "The archived inputs of earlier nights, into which the population points.")
OPTION(ARCHIVE_LIVE_SHARE, "archive", "live_share", INTEGER, "50", 1, 99, NULL,
       "Percent. Files with fewer records in force are packed by crmx generation compact; a night says so when all of "
       "them together have fewer.")

SECTION("database", "What people and programs query: runs, parameters, CRM records.")
OPTION(DATABASE_MODE, "database", "mode", CHOICE, "embedded", 0, 0, DATABASE_MODE_WORDS,
       "embedded: a private PostgreSQL, started when it is needed. url: the server named by url. "
       "none: no database, parameters come from files.")
OPTION(DATABASE_URL, "database", "url", TEXT, "", 0, 0, NULL,
       "For mode url: postgresql://USER@HOST/NAME or keyword=value. Keep the password in ~/.pgpass, not here.")
OPTION(DATABASE_CLUSTER_FOLDER, "database", "cluster_folder", PATH, "", 0, 0, NULL,
       "For mode embedded: where its data lies. Empty: below /var/lib/crmx for root, else state/postgresql.")
OPTION(DATABASE_SOCKET_FOLDER, "database", "socket_folder", PATH, "", 0, 0, NULL,
       "For mode embedded: folder of its socket, at most 93 bytes. Empty: below /run/crmx or /tmp.")
OPTION(DATABASE_PROGRAMS_FOLDER, "database", "programs_folder", TEXT, "/usr/lib/postgresql", 0, 0, NULL,
       "For mode embedded: holds VERSION/bin/postgres.")
OPTION(DATABASE_START_TIMEOUT, "database", "start_timeout", DURATION, "10m", 1000, 24ll * 3600 * 1000, NULL,
       "For mode embedded: how long a start may take; the recovery of a large cluster takes minutes.")
OPTION(DATABASE_EVENT_MONTHS, "database", "event_months", INTEGER, "13", 1, 1200, NULL,
       "Months of change events kept in crmx.crm_event: that of the business date and those before it.")

SECTION("delivery", "Sending finished sets to the CRM data server. The targets stand in the unit's file.")
OPTION(DELIVERY_ATTEMPTS, "delivery", "attempts", INTEGER, "3", 1, 100, NULL,
       "How often a transfer to a server is tried before the set waits for the next call.")
OPTION(DELIVERY_RETRY_WAIT, "delivery", "retry_wait", DURATION, "30s", 0, 3600 * 1000, NULL,
       "Pause before the next attempt.")

SECTION("log", "What is written down. Messages always go to stderr as well.")
OPTION(LOG_LEVEL, "log", "level", CHOICE, "info", 0, 0, LOG_LEVEL_NAMES, "The least level that is written.")
OPTION(LOG_FILE, "log", "file", PATH, "", 0, 0, NULL, "Log file, appended to. Empty: none.")
