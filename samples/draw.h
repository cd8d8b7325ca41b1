/* draw: numbers that look random and are a pure function of (seed, stream, index).
 *
 * Nothing is stored: the account file and the relation file ask the same question about the same account and get the
 * same answer, so files may be written in any order and a sample of millions needs no memory.
 *
 * Integers only. exp() or a normal distribution in doubles would make the bytes depend on the C library.
 */
#ifndef CRMX_SAMPLES_DRAW_H
#define CRMX_SAMPLES_DRAW_H

#include <stdbool.h>
#include <stdint.h>

struct draw {
    uint64_t state;
};

static inline uint64_t draw_mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

/* stream: what is asked (one per kind of question), index: about whom. */
static inline struct draw draw_start(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (struct draw){draw_mix(draw_mix(seed ^ (stream * 0x9E3779B97F4A7C15u)) ^ index)};
}

static inline uint64_t draw_next(struct draw *d)
{
    return draw_mix(d->state += 0xD1B54A32D192ED03u);
}

/* 0 .. count-1; count > 0. The bias of the modulo does not matter here. */
static inline uint64_t draw_below(struct draw *d, uint64_t count)
{
    return draw_next(d) % count;
}

static inline bool draw_chance(struct draw *d, uint32_t ppm)
{
    return draw_below(d, 1000000) < ppm;
}

/* An amount in hundredths whose size is spread over the decades from 1.00 to 10^decades: most customers have little,
 * few have much. */
static inline int64_t draw_amount(struct draw *d, int decades)
{
    int64_t unit = 1;
    for (uint64_t i = draw_below(d, (uint64_t)decades) + 1; i > 0; i--) unit *= 10;
    return (int64_t)(draw_below(d, 900) + 100) * unit / 10 + (int64_t)draw_below(d, 100);
}

#endif
