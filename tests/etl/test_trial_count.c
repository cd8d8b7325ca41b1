/* trial_count: the vector loops against plain ones, customer by customer, for every shape of block. */
#include "etl/trial_count.h"

#include "etl/populate.h"
#include "tests/etl/fixture.h"

enum { ROUNDS = 3000 };

static int64_t score_of(uint64_t *s, int64_t width)
{
    switch (fixture_below(s, 8)) {
    case 0: return (int64_t)fixture_random(s);                                   /* any size */
    case 1: return (int64_t)((uint64_t)width * (fixture_below(s, 260) - 30ull)); /* on the edge of a bin */
    case 2: return (int64_t)((uint64_t)width * (fixture_below(s, 260) - 30ull) - 1);
    case 3: return -(int64_t)fixture_below(s, 3);
    default: return (int64_t)(fixture_random(s) % (uint64_t)(width < 1000000000 ? width * 260 : width)) - width;
    }
}

/* What the header says, word for word. */
static void plain(const struct trial_block *b, struct trial_count *to, int64_t width, int last, uint64_t *bins)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->live && !b->live[i]) continue;
        bool out = b->flags[i] & CUSTOMER_EXCLUDED, in = b->flags[i] & CUSTOMER_OVERRIDDEN;
        bool now = !out && (b->score[i] >= b->threshold || in);
        bool reached = b->active     ? b->active[i] >= b->active_threshold
                       : b->by_flags ? (b->flags[i] & CUSTOMER_PASSES) != 0
                                     : false;
        bool was = (b->active || b->by_flags) && !out && (reached || in);
        to->scored++;
        to->excluded += out;
        to->pass += now;
        to->active += was;
        to->enters += now && !was;
        to->leaves += was && !now;
        to->score_all += b->score[i];
        if (now) to->score_pass += b->score[i];
        __int128 k = b->score[i] / width;
        bins[b->score[i] < 0 ? 0 : k < last ? k + 1 : last + 1]++;
    }
}

static void test_every_shape(void **state)
{
    uint64_t seed = fixture_seed();
    static int64_t score[SEGMENT_RUN], flags[SEGMENT_RUN], active[SEGMENT_RUN], live[SEGMENT_RUN];
    static int64_t passes[SEGMENT_RUN], was[SEGMENT_RUN];
    static const int64_t WIDTHS[] = {1, 7, 49, 5000000, (INT64_C(1) << 43) - 1, INT64_C(1) << 43, INT64_C(1) << 60};
    for (int round = 0; round < ROUNDS; round++) {
        int64_t width = WIDTHS[fixture_below(&seed, COUNT_OF(WIDTHS))];
        int last = 1 + (int)fixture_below(&seed, TRIAL_BINS_MAX), shape = (int)fixture_below(&seed, 3);
        struct trial_block b = {.count = fixture_below(&seed, 20) ? (uint32_t)fixture_below(&seed, 70) : SEGMENT_RUN,
                                .score = score,
                                .flags = flags,
                                .active = shape == 1 ? active : NULL,
                                .live = fixture_below(&seed, 2) ? live : NULL,
                                .by_flags = shape == 2,
                                .threshold = score_of(&seed, width),
                                .active_threshold = score_of(&seed, width)};
        if (fixture_below(&seed, 2)) b.passes = passes, b.was = was;
        for (uint32_t i = 0; i < b.count; i++) {
            score[i] = score_of(&seed, width);
            active[i] = score_of(&seed, width);
            flags[i] = (int64_t)fixture_below(&seed, 128);
            live[i] = (int64_t)fixture_below(&seed, 2);
        }
        struct trial_count found = {0}, expected = {0};
        uint64_t bins[TRIAL_BINS_MAX + 2] = {0}, plain_bins[TRIAL_BINS_MAX + 2] = {0};
        trial_count_block(&b, &found);
        trial_count_bins(&b, width, last, bins);
        plain(&b, &expected, width, last, plain_bins);
        assert_memory_equal(&found, &expected, sizeof found);
        assert_memory_equal(bins, plain_bins, sizeof bins);
        int64_t together = 0;
        for (uint32_t i = 0; b.passes && i < b.count; i++) together += passes[i] - was[i];
        if (b.passes) assert_int_equal(together, (int64_t)found.pass - (int64_t)found.active);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_shape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
