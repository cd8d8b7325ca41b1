/* Lookups in a committed generation, and measures computed over it alone: always against what the records say. */
#include "base/date.h"
#include "etl/lookup.h"
#include "etl/populate.h"
#include "etl/recompute.h"
#include "scoring/formula.h"
#include "tests/etl/fixture_unit.h"

static struct generation *open_generation(void)
{
    struct status st = {0};
    struct generation *g = NULL;
    bool ok = generation_open(fixture_state(""), NULL, &g, &st);
    if (!ok) print_error("%s\n", st.message);
    assert_true(ok);
    return g;
}

static struct generation *run_and_open(const struct run_request *more)
{
    struct status st;
    struct run_result result;
    bool ok = fixture_run_with(more, &result, &st);
    if (!ok) print_error("%s\n", st.message);
    assert_true(ok);
    struct status remove = {0};
    assert_true(os_remove_tree(test_path("inbox"), &remove)); /* everything below has to come out of the generation */
    return open_generation();
}

/* --- keys --- */

static uint64_t only_hit(const struct lookup_hits *hits)
{
    assert_int_equal(hits->count, 1);
    assert_true(hits->hit[0].same_number);
    return hits->hit[0].number;
}

static void test_keys(void **state)
{
    struct status st = {0};
    struct lookup_hits hits;
    fixture_unit_write();
    fixture_inbox_write();
    struct generation *g = run_and_open(NULL);
    int retail = 0, card = 1;
    assert_string_equal(g->unit->systems[retail].name, "retail");
    /* 15 and 18 digits, in any notation, lead to the one customer that four records make. */
    assert_true(lookup_identity(g, view_of("01"), view_of("11010519491231002X"), CHARSET_UTF8, &hits, &st));
    uint64_t wang = only_hit(&hits);
    assert_true(lookup_identity(g, view_of("01"), view_of("110105 491231 002"), CHARSET_UTF8, &hits, &st));
    assert_int_equal(only_hit(&hits), wang);
    assert_true(lookup_source(g, retail, view_of("000002"), &hits, &st));
    assert_int_equal(only_hit(&hits), wang);
    assert_true(lookup_source(g, card, view_of("C00001"), &hits, &st));
    assert_int_equal(only_hit(&hits), wang);
    /* Another check digit: found, and said to be another number. */
    assert_true(lookup_identity(g, view_of("01"), view_of("110105194912310021"), CHARSET_UTF8, &hits, &st));
    assert_int_equal(hits.count, 1);
    assert_false(hits.hit[0].same_number);
    /* Nobody: another system, another class, a placeholder, a number that is not there. */
    assert_true(lookup_source(g, card, view_of("000002"), &hits, &st));
    assert_int_equal(hits.count, 0);
    assert_true(lookup_identity(g, view_of("20"), view_of("11010519491231002X"), CHARSET_UTF8, &hits, &st));
    assert_int_equal(hits.count, 0);
    assert_true(lookup_identity(g, view_of("01"), view_of("000000000000000000"), CHARSET_UTF8, &hits, &st));
    assert_int_equal(hits.count, 0);
    /* A company by its organisation code. */
    assert_true(lookup_identity(g, view_of("20"), view_of("12345678-8"), CHARSET_UTF8, &hits, &st));
    assert_int_not_equal(only_hit(&hits), wang);
    assert_int_equal(st.code, STATUS_OK);
    generation_close(g);
}

static void test_accounts(void **state)
{
    struct status st = {0};
    struct lookup_hits hits;
    fixture_unit_write();
    fixture_inbox_write();
    fixture_write("inbox/RJ", "J0000001CNY+0000000010000     \nJ0000002CNY+0000000000700     \n");
    fixture_write("inbox/RR", "J0000001000001O06667\nJ0000001000004O03333\nJ0000002000099O     \n");
    struct generation *g = run_and_open(NULL);
    int joint = -1, single = -1;
    for (int t = 0; t < g->tables.count; t++) {
        if (strcmp(g->tables.table[t].layout->name, "retail_joint") == 0) joint = t;
        if (strcmp(g->tables.table[t].layout->name, "retail_account") == 0) single = t;
    }
    struct lookup_account_key key = {.account = view_of("J0000001"), .currency = view_of("CNY")};
    assert_true(lookup_account(g, joint, &key, &hits, &st));
    assert_int_equal(hits.count, 2); /* one for each owner, of the same record */
    assert_int_equal(hits.hit[0].record, hits.hit[1].record);
    assert_int_not_equal(hits.hit[0].number, hits.hit[1].number);
    key.currency = view_of("USD");
    assert_true(lookup_account(g, joint, &key, &hits, &st));
    assert_int_equal(hits.count, 0);
    key = (struct lookup_account_key){.account = view_of("J0000002"),
                                      .currency = view_of("CNY")}; /* its owner is nobody */
    assert_true(lookup_account(g, joint, &key, &hits, &st));
    assert_int_equal(hits.count, 0);
    key = (struct lookup_account_key){.account = view_of("A0000002"), .currency = view_of("USD")};
    assert_true(lookup_account(g, single, &key, &hits, &st));
    assert_int_equal(hits.count, 1);
    key.account = view_of("longer than the field");
    assert_true(lookup_account(g, single, &key, &hits, &st));
    assert_int_equal(hits.count, 0);
    generation_close(g);
}

/* --- customers and their rows --- */

/* Every record in the population belongs to exactly one customer, and is found through its own source number. */
static void test_every_customer(void **state)
{
    struct run_request small = {.partition_customers = 2}; /* partition edges everywhere */
    struct status st = {0};
    struct arena arena;
    arena_init(&arena, "test");
    fixture_unit_write();
    fixture_inbox_write();
    struct generation *g = run_and_open(&small);
    uint64_t members = 0, rows = 0, accepted = 0;
    bool found;
    struct lookup_customer c;
    assert_int_equal(g->customers, 3);
    assert_int_equal(segment_partitions(g->customer), 2);
    for (uint64_t n = g->first_number; n < g->first_number + g->customers; n++) {
        assert_true(lookup_customer(g, n, &arena, &c, &found, &st));
        assert_true(found && c.members_count > 0);
        bool primary = false;
        members += c.members_count;
        for (uint32_t i = 0; i < c.members_count; i++) {
            struct lookup_record r;
            struct lookup_hits hits;
            primary |= c.members[i] == c.primary;
            assert_true(lookup_record(g, -1, c.members[i], &arena, &r, &st));
            const struct layout *l = r.file->layout;
            struct view source = decode_text(l, l->role_field[ROLE_SOURCE_NO], r.bytes);
            assert_true(lookup_source(g, g->unit->layout_system[r.file->layout_index], source, &hits, &st));
            assert_int_equal(only_hit(&hits), n);
            assert_int_equal(hits.hit[0].record, c.members[i]);
        }
        assert_true(primary);
        for (int t = 0; t < g->tables.count; t++) {
            struct lookup_rows table;
            assert_true(lookup_rows(g, &c, t, &arena, &table, &st));
            rows += table.count;
            for (uint32_t i = 0; i < table.count; i++) { /* the columns say what the record says */
                struct lookup_record r;
                const struct table *y = &g->tables.table[t];
                assert_true(lookup_record(g, y->layout_index, table.records[i], &arena, &r, &st));
                for (int k = 0; k < y->columns_count; k++)
                    assert_int_equal(table.columns[k][i],
                                     decode_value(g->decoders[y->layout_index], y->columns[k].field, r.bytes));
            }
        }
    }
    for (int i = 0; i < g->inputs.files_count; i++)
        if (g->inputs.files[i].layout->class == LAYOUT_CUSTOMER) accepted += g->inputs.files[i].accepted;
    assert_int_equal(members, accepted);
    assert_int_equal(rows, 4); /* six accounts: one without owner, one rejected */
    assert_true(lookup_customer(g, g->first_number + g->customers, &arena, &c, &found, &st));
    assert_false(found);
    assert_true(lookup_customer(g, 0, &arena, &c, &found, &st));
    assert_false(found);
    generation_close(g);
    arena_release(&arena);
}

/* --- recomputing --- */

struct sum {
    __int128 sum[4];
    uint64_t customers;
    int blocks;
};

static bool add_up(void *context, int worker, const struct recompute_block *b, struct status *st)
{
    struct sum *s = context; /* one worker only */
    assert_int_equal(worker, 0);
    s->blocks++;
    s->customers += b->count;
    for (uint32_t i = 0; i < b->count; i++)
        for (int m = 0; m < 4; m++) s->sum[m] += b->measures[m][i];
    return true;
}

static bool compute(struct generation *g, const char *text, struct sum *s, struct status *st)
{
    struct formula *f;
    struct measure_set *set = NULL;
    struct measure_rates rates = recompute_rates(g);
    *s = (struct sum){{0}, 0, 0};
    bool ok = formula_parse("test", view_of(text), &f, st) && measure_bind(f, g->tables.schema, &rates, &set, st);
    if (ok) ok = recompute_run(&(struct recompute_request){.g = g, .measures = set, .visit = add_up, .context = s}, st);
    measure_set_free(set);
    formula_free(f);
    return ok;
}

#define MEASURES(a, b, c, d)                                                                                           \
    "unit fen; threshold 0; score = 0; measure a " a "; measure b " b "; measure c " c "; measure d " d ";"

static void test_recompute(void **state)
{
    static const int64_t SIZES[] = {2, 65536};
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        struct run_request r = {.partition_customers = (uint32_t)SIZES[i]};
        struct status st = {0};
        struct sum s;
        fixture_unit_write();
        fixture_inbox_write();
        struct generation *g = run_and_open(&r);
        /* maturity is cold: it comes out of the archived records */
        bool ok = compute(g,
                          MEASURES("money = sum(retail_account, cny(balance))", "number = count(accounts)",
                                   "money = sum(retail_account where kind = 'F', cny(balance))",
                                   "number = count(retail_account where maturity > date '2026-12-31')"),
                          &s, &st);
        if (!ok) print_error("%s\n", st.message);
        assert_true(ok);
        assert_int_equal(s.customers, g->customers);
        assert_int_equal(s.sum[0], 60000 + 71015 - 500 + 500000);
        assert_int_equal(s.sum[1], 4);
        assert_int_equal(s.sum[2], 71015);
        assert_int_equal(s.sum[3], 1);
        assert_int_equal(s.blocks, segment_partitions(g->customer));
        generation_close(g);
    }
}

/* Shares are known for hot amounts only: a cold one of an account with several owners is refused, and the next step
 * said. */
static void test_cold_amount(void **state)
{
    struct status st = {0};
    struct sum s;
    fixture_unit_write();
    fixture_write("layouts/retail_joint.ini",
                  "[layout]\nname = retail_joint\nclass = account\nsystem = retail\nfiles = RJ\nexpect = optional\n"
                  "record_length = 45\n[fields]\naccount = 0 8 text required\ncurrency = 8 3 currency keep=hot\n"
                  "balance = 11 14 amount keep=hot\nlimit = 25 14 amount\n");
    fixture_inbox_write();
    fixture_write("inbox/RJ", "J0000001CNY+0000000010001+0000000020000      \n");
    fixture_write("inbox/RR", "J0000001000001O06667\nJ0000001000004O03333\n");
    struct generation *g = run_and_open(NULL);
    assert_true(compute(g,
                        MEASURES("money = sum(retail_joint, cny(balance))", "number = count(retail_joint)",
                                 "number = count(retail_contact)", "money = max(retail_joint, cny(balance))"),
                        &s, &st));
    assert_int_equal(s.sum[0], 10001); /* every cent counts once */
    assert_int_equal(s.sum[1], 2);
    assert_int_equal(s.sum[3], 10001); /* of each owner the larger share; together the whole */
    assert_false(compute(g,
                         MEASURES("money = sum(retail_joint, cny(limit))", "number = count(retail)",
                                  "number = count(retail)", "number = count(retail)"),
                         &s, &st));
    assert_int_equal(st.code, STATUS_USAGE);
    assert_has(st.message, "the amount limit of layout retail_joint is not kept hot");
    assert_has(st.hint, "keep=hot");
    generation_close(g);
}

/* Thousands of customers and rows, so that blocks and runs do not end at the same places; some with none, some with
 * many. */
static void test_many_rows(void **state)
{
    enum { CUSTOMERS = 9000 };
    struct status st = {0};
    struct sum s;
    struct buf customers, accounts;
    uint64_t seed = fixture_seed(), rows = 0;
    int64_t total = 0;
    buf_init(&customers, 4 << 20);
    buf_init(&accounts, 8 << 20);
    fixture_unit_write();
    fixture_inbox_write();
    for (int i = 0; i < CUSTOMERS; i++) {
        char source[16], id[24];
        snprintf(source, sizeof source, "%06d", 100000 + i);
        snprintf(id, sizeof id, "4403%014d", i);
        fixture_customer(&customers, source, 'P', "09", id, "N", "19800101", "20200101");
        uint32_t n = i == 5000 ? 9001 : fixture_below(&seed, 4);
        for (uint32_t k = 0; k < n; k++, rows++) {
            char account[16];
            int64_t amount = (int64_t)fixture_below(&seed, 100000) - 50000;
            snprintf(account, sizeof account, "B%07llu", (unsigned long long)rows);
            fixture_account(&accounts, account, source, "CNY", 'D', amount);
            total += amount;
        }
    }
    test_write(test_path("inbox/RC1"), buf_view(&customers));
    test_write(test_path("inbox/RA"), buf_view(&accounts));
    fixture_write("inbox/CC.11.20261031", "");
    struct generation *g = run_and_open(&(struct run_request){.partition_customers = 5000});
    assert_int_equal(g->customers, CUSTOMERS);
    assert_true(compute(g,
                        MEASURES("money = sum(retail_account, cny(balance))", "number = count(retail_account)",
                                 "number = count(retail_account where balance > 0)",
                                 "number = count(retail_account where balance <= 0)"),
                        &s, &st));
    assert_int_equal(s.sum[0], total);
    assert_int_equal(s.sum[1], rows);
    assert_int_equal(s.sum[2] + s.sum[3], rows);
    assert_int_equal(s.blocks, 3); /* 5,000 and 4,000 customers: 4,096 + 904 and 4,000 */
    generation_close(g);
    buf_release(&customers);
    buf_release(&accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),      cmocka_unit_test(test_accounts),    cmocka_unit_test(test_every_customer),
        cmocka_unit_test(test_recompute), cmocka_unit_test(test_cold_amount), cmocka_unit_test(test_many_rows),
    };
    return cmocka_run_group_tests_name("lookup", tests, fixture_unit_setup, test_remove_folder);
}
