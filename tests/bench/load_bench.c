/* The program behind tests/bench/load_bench.sh: makes export files, keeps a private server running, loads.
 *
 *     load_bench generate FOLDER CUSTOMERS ACCOUNTS ENCODING     FOLDER/CRMCUST and FOLDER/CRMDEP
 *     load_bench hold FOLDER                                     prints the psql command, runs until its input ends
 *     load_bench load FOLDER CUSTOMERS ACCOUNTS ENCODING GENERATION CONNECTIONS
 */
#include "base/date.h"
#include "base/os.h"
#include "etl/load.h"

#include <stdio.h>
#include <string.h>

enum { CUSTOMER_DATA = 468, ACCOUNT_DATA = 126 };

static const struct load_field CUSTOMER_FIELDS[] = {{"number", 0, 10, LOAD_DIGITS, 0},
                                                    {"unit", 10, 2, LOAD_TEXT, 0},
                                                    {"customer_type", 12, 1, LOAD_TEXT, 0},
                                                    {"id_type", 13, 2, LOAD_TEXT, 0},
                                                    {"id_key", 15, 30, LOAD_TEXT, 0},
                                                    {"name", 45, 100, LOAD_TEXT, 0},
                                                    {"sex", 145, 1, LOAD_TEXT, 0},
                                                    {"birth", 146, 8, LOAD_DATE, 0},
                                                    {"phone", 154, 16, LOAD_TEXT, 0},
                                                    {"mobile", 170, 16, LOAD_TEXT, 0},
                                                    {"address", 186, 100, LOAD_TEXT, 0},
                                                    {"zip", 286, 6, LOAD_TEXT, 0},
                                                    {"branch", 292, 6, LOAD_TEXT, 0},
                                                    {"manager", 298, 8, LOAD_TEXT, 0},
                                                    {"opened", 306, 8, LOAD_DATE, 0},
                                                    {"system", 314, 1, LOAD_TEXT, 0},
                                                    {"source_no", 315, 16, LOAD_TEXT, 0},
                                                    {"score", 331, 18, LOAD_AMOUNT, 2},
                                                    {"tier", 349, 1, LOAD_TEXT, 0},
                                                    {"demand_cny", 350, 18, LOAD_AMOUNT, 2},
                                                    {"demand_fx", 368, 18, LOAD_AMOUNT, 2},
                                                    {"fixed_cny", 386, 18, LOAD_AMOUNT, 2},
                                                    {"fixed_cny_term", 404, 6, LOAD_DIGITS, 0},
                                                    {"card_cny", 410, 18, LOAD_AMOUNT, 2},
                                                    {"loan_balance", 428, 18, LOAD_AMOUNT, 2},
                                                    {"loan_term", 446, 4, LOAD_DIGITS, 0},
                                                    {"fund_balance", 450, 18, LOAD_AMOUNT, 2}};

static const struct load_field ACCOUNT_FIELDS[] = {
    {"number", 0, 10, LOAD_DIGITS, 0},   {"system", 10, 1, LOAD_TEXT, 0},      {"source_no", 11, 16, LOAD_TEXT, 0},
    {"account", 27, 22, LOAD_TEXT, 0},   {"sub_account", 49, 4, LOAD_TEXT, 0}, {"currency", 53, 3, LOAD_TEXT, 0},
    {"cash_flag", 56, 1, LOAD_TEXT, 0},  {"kind", 57, 1, LOAD_TEXT, 0},        {"status", 58, 1, LOAD_TEXT, 0},
    {"balance", 59, 19, LOAD_AMOUNT, 3}, {"term", 78, 3, LOAD_DIGITS, 0},      {"opened", 81, 8, LOAD_DATE, 0},
    {"maturity", 89, 8, LOAD_DATE, 0},   {"rate", 97, 10, LOAD_AMOUNT, 6},     {"branch", 107, 6, LOAD_TEXT, 0},
    {"layout", 113, 13, LOAD_TEXT, 0}};

/* A small generator of our own: the same files on every machine. */
static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void put(char *record, const struct load_field *fields, int count, const char *name, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0) {
            size_t n = strlen(text);
            memcpy(record + fields[i].offset, text, n < fields[i].length ? n : fields[i].length);
            return;
        }
    ensure(!"a field of this record");
}

#define PUT(fields, name, ...)                                                                                         \
    do {                                                                                                               \
        char text_[160];                                                                                               \
        snprintf(text_, sizeof text_, __VA_ARGS__);                                                                    \
        put(record, fields, (int)(sizeof fields / sizeof *fields), name, text_);                                       \
    } while (0)

static void make_customer(char *record, uint64_t i, bool gb18030, uint64_t *seed)
{
    static const char *const names[2][3] = {
        {"王小明", "李淑华", "欧阳建国"},
        {"\xcd\xf5\xd0\xa1\xc3\xf7", "\xc0\xee\xca\xe7\xbb\xaa", "\xc5\xb7\xd1\xf4\xbd\xa8\xb9\xfa"}};
    static const char *const street[2] = {
        "北京市西城区金融大街", "\xb1\xb1\xbe\xa9\xca\xd0\xce\xf7\xb3\xc7\xc7\xf8\xbd\xf0\xc8\xda\xb4\xf3\xbd\xd6"};
    static const char *const amounts[] = {"score",    "demand_cny",   "demand_fx",   "fixed_cny",
                                          "card_cny", "loan_balance", "fund_balance"};
    uint64_t r = next_random(seed);
    memset(record, ' ', CUSTOMER_DATA);
    record[CUSTOMER_DATA] = '\n';
    PUT(CUSTOMER_FIELDS, "number", "%010llu", (unsigned long long)(1100000001 + i));
    PUT(CUSTOMER_FIELDS, "unit", "11");
    PUT(CUSTOMER_FIELDS, "customer_type", "P");
    PUT(CUSTOMER_FIELDS, "id_type", "01");
    PUT(CUSTOMER_FIELDS, "id_key", "1101081980%08llu", (unsigned long long)(r % 100000000));
    PUT(CUSTOMER_FIELDS, "name", "%s", names[gb18030][r % 3]);
    PUT(CUSTOMER_FIELDS, "sex", "%d", (int)(r % 2));
    PUT(CUSTOMER_FIELDS, "birth", "19%02d%02d%02d", (int)(r % 90), (int)(r / 100 % 12 + 1), (int)(r / 10000 % 28 + 1));
    PUT(CUSTOMER_FIELDS, "phone", "010%08llu", (unsigned long long)(r % 100000000));
    PUT(CUSTOMER_FIELDS, "mobile", "139%08llu", (unsigned long long)(r / 7 % 100000000));
    PUT(CUSTOMER_FIELDS, "address", "%s%d", street[gb18030], (int)(r % 900));
    PUT(CUSTOMER_FIELDS, "zip", "100%03d", (int)(r % 1000));
    PUT(CUSTOMER_FIELDS, "branch", "11%04d", (int)(r % 300));
    PUT(CUSTOMER_FIELDS, "opened", "20%02d0715", (int)(r % 26));
    PUT(CUSTOMER_FIELDS, "system", "R");
    PUT(CUSTOMER_FIELDS, "source_no", "R%011llu", (unsigned long long)i);
    PUT(CUSTOMER_FIELDS, "tier", "%d", (int)(r % 5));
    for (size_t k = 0; k < sizeof amounts / sizeof *amounts; k++)
        PUT(CUSTOMER_FIELDS, amounts[k], "+%017llu", (unsigned long long)(next_random(seed) % 100000000000u * (k < 4)));
    PUT(CUSTOMER_FIELDS, "fixed_cny_term", "%06d", (int)(r % 60));
    PUT(CUSTOMER_FIELDS, "loan_term", "%04d", (int)(r % 360));
}

static void make_account(char *record, uint64_t i, uint64_t customers, uint64_t *seed)
{
    static const char *const currencies[] = {"CNY", "CNY", "CNY", "USD"};
    uint64_t r = next_random(seed);
    memset(record, ' ', ACCOUNT_DATA);
    record[ACCOUNT_DATA] = '\n';
    PUT(ACCOUNT_FIELDS, "number", "%010llu", (unsigned long long)(1100000001 + i / 5 % customers));
    PUT(ACCOUNT_FIELDS, "system", "R");
    PUT(ACCOUNT_FIELDS, "source_no", "R%011llu", (unsigned long long)(i / 5));
    PUT(ACCOUNT_FIELDS, "account", "6222%015llu", (unsigned long long)(r % 1000000000000000u));
    PUT(ACCOUNT_FIELDS, "sub_account", "%04d", (int)(r % 10));
    PUT(ACCOUNT_FIELDS, "currency", "%s", currencies[r % 4]);
    PUT(ACCOUNT_FIELDS, "cash_flag", "0");
    PUT(ACCOUNT_FIELDS, "kind", "%c", r % 3 ? 'D' : 'F');
    PUT(ACCOUNT_FIELDS, "status", "0");
    PUT(ACCOUNT_FIELDS, "balance", "+%018llu", (unsigned long long)(r % 10000000000u * 10));
    PUT(ACCOUNT_FIELDS, "term", "%03d", r % 3 ? 0 : 12);
    PUT(ACCOUNT_FIELDS, "opened", "20%02d0315", (int)(r % 26));
    PUT(ACCOUNT_FIELDS, "maturity", r % 3 ? "00000000" : "20270315");
    PUT(ACCOUNT_FIELDS, "rate", "+%09d", (int)(r % 40 * 100000));
    PUT(ACCOUNT_FIELDS, "branch", "11%04d", (int)(r % 300));
    PUT(ACCOUNT_FIELDS, "layout", "retail_accoun");
}

static bool generate(const char *folder, uint64_t customers, uint64_t accounts, const char *encoding)
{
    char path[512], record[CUSTOMER_DATA + 1];
    uint64_t seed = 1;
    snprintf(path, sizeof path, "%s/CRMCUST", folder);
    FILE *f = fopen(path, "w");
    ensure(f);
    for (uint64_t i = 0; i < customers; i++) {
        make_customer(record, i, strcmp(encoding, "gb18030") == 0, &seed);
        fwrite(record, 1, CUSTOMER_DATA + 1, f);
    }
    bool ok = fclose(f) == 0;
    snprintf(path, sizeof path, "%s/CRMDEP", folder);
    f = fopen(path, "w");
    ensure(f);
    for (uint64_t i = 0; i < accounts; i++) {
        make_account(record, i, customers, &seed);
        fwrite(record, 1, ACCOUNT_DATA + 1, f);
    }
    return fclose(f) == 0 && ok;
}

static bool open_database(const char *folder, struct database **db, struct status *st)
{
    static char cluster[512], socket[512];
    snprintf(cluster, sizeof cluster, "%s/cluster", folder);
    snprintf(socket, sizeof socket, "%s/socket", folder);
    struct database_config config = {
        .mode = DATABASE_EMBEDDED, .work_folder = folder, .cluster_folder = cluster, .socket_folder = socket};
    return database_open(&config, db, st);
}

static bool hold(const char *folder, struct status *st)
{
    struct database *db;
    if (!open_database(folder, &db, st)) return false;
    printf("%s\n", database_psql_command(db));
    fflush(stdout);
    while (getchar() != EOF) continue;
    database_close(db);
    return true;
}

static bool load(char **argv, struct status *st)
{
    char customers[512], accounts[512];
    snprintf(customers, sizeof customers, "%s/CRMCUST", argv[2]);
    snprintf(accounts, sizeof accounts, "%s/CRMDEP", argv[2]);
    struct load_file files[] = {
        {"crm_customer", customers, "crm_customer", argv[5], CUSTOMER_DATA + 1, CUSTOMER_DATA,
         strtoull(argv[3], NULL, 10), CUSTOMER_FIELDS, sizeof CUSTOMER_FIELDS / sizeof *CUSTOMER_FIELDS},
        {"crm_deposit", accounts, "crm_deposit", argv[5], ACCOUNT_DATA + 1, ACCOUNT_DATA, strtoull(argv[4], NULL, 10),
         ACCOUNT_FIELDS, sizeof ACCOUNT_FIELDS / sizeof *ACCOUNT_FIELDS}};
    struct load_request r = {.unit = "11",
                             .unit_name = "北京",
                             .generation = argv[6],
                             .files = files,
                             .files_count = 2,
                             .connections = atoi(argv[7])};
    ensure(date_parse((struct view){argv[6], 10}, &r.business_date));
    struct load_result result;
    struct database *db;
    if (!open_database(argv[2], &db, st)) return false;
    bool ok = load_run(db, &r, &result, st);
    database_close(db);
    if (ok && !result.already_applied)
        printf("%llu rows in %lld ms\n", (unsigned long long)result.rows, (long long)result.duration_ms);
    return ok;
}

int main(int argc, char **argv)
{
    struct status st = {0};
    bool ok = false;
    if (argc == 6 && strcmp(argv[1], "generate") == 0)
        ok = generate(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[5]);
    else if (argc == 3 && strcmp(argv[1], "hold") == 0)
        ok = hold(argv[2], &st);
    else if (argc == 8 && strcmp(argv[1], "load") == 0)
        ok = load(argv, &st);
    else
        fprintf(stderr, "see tests/bench/load_bench.sh\n");
    if (st.code != STATUS_OK) status_print(&st);
    return ok ? 0 : 8;
}
